import { status } from '@grpc/grpc-js';
import { DomainError } from '@holdfast/domain';
import { RpcError, rpcError, toRpcError } from '@holdfast/rpc';

/** The gRPC status codes by name. */
export type StatusCode = Exclude<keyof typeof status, 'OK'>;

export interface FieldViolation {
  /** The part of the request that was wrong, as the API spells it: `object_id.key`. */
  readonly field: string;
  readonly description: string;
}

/**
 * What every call of this package fails with, but for an error of the caller's own: one that a
 * stream to upload, or a file to read, ended with is passed on as it is.
 *
 * Decide on `reason` where you know it, on `code` where you do not: reasons are added over time. The
 * contract lists them all. The ones that most callers look at:
 *
 * | code | reason | what it means |
 * |---|---|---|
 * | `NOT_FOUND` | `OBJECT_NOT_FOUND` | never written, deleted or expired |
 * | `FAILED_PRECONDITION` | `OBJECT_EXISTS`, `REVISION_MISMATCH` | `info.revision` is what is there |
 * | `INVALID_ARGUMENT` | `INVALID_OBJECT_ID`, … | `violations` names the field |
 * | `UNAVAILABLE` | `OUTCOME_UNKNOWN` | the write may have taken effect, or may yet |
 * | `DEADLINE_EXCEEDED` | | as `OUTCOME_UNKNOWN` for a write |
 * | `DATA_LOSS` | `CHECKSUM_MISMATCH` | the bytes are not those that were written |
 * | `CANCELLED` | | the caller's signal aborted; `cause` is its reason |
 */
export class HoldfastError extends Error {
  override readonly name = 'HoldfastError';
  readonly code: StatusCode;
  /** The machine-readable reason; missing when the failure came from the connection. */
  readonly reason: string | undefined;
  /** What else is known, by name: `revision`, `size`. */
  readonly info: Readonly<Record<string, string>>;
  /** The fields that were wrong. */
  readonly violations: readonly FieldViolation[];
  /** How long the server asks to be left alone. */
  readonly retryAfterMs: number | undefined;

  constructor(error: RpcError) {
    super(error.message, { cause: error.cause ?? error });
    this.code = codeName(error.code);
    this.reason = error.reason;
    this.info = error.info;
    this.violations = error.violations;
    this.retryAfterMs = error.retryAfterMs;
  }
}

/** What the caller sees of a failure: the errors of the caller's own streams and files as they are. */
export function toPublicError(error: unknown): unknown {
  if (error instanceof RpcError) return new HoldfastError(error);
  if (error instanceof DomainError) return new HoldfastError(toRpcError(error));
  return error;
}

/** Runs a call of the public interface: it fails with public errors only. */
export async function withPublicErrors<T>(call: () => Promise<T>): Promise<T> {
  try {
    return await call();
  } catch (error) {
    throw toPublicError(error);
  }
}

/** The same for what answers at once. */
export function publicly<T>(call: () => T): T {
  try {
    return call();
  } catch (error) {
    throw toPublicError(error);
  }
}

export function cancelled(signal: AbortSignal): RpcError {
  return rpcError(status.CANCELLED, undefined, 'the call was cancelled', { cause: signal.reason });
}

export function deadlineExceeded(): RpcError {
  return rpcError(status.DEADLINE_EXCEEDED, undefined, 'the deadline has passed');
}

/** Bytes that are not those that were written. */
export function dataLoss(why: string): RpcError {
  return rpcError(status.DATA_LOSS, 'CHECKSUM_MISMATCH', why);
}

/** The server broke its contract. */
export function brokenContract(why: string, cause?: unknown): RpcError {
  return rpcError(status.INTERNAL, undefined, `the server's answer is not valid: ${why}`, {
    cause,
  });
}

function codeName(code: status): StatusCode {
  const name = status[code] as keyof typeof status;
  return name === 'OK' ? 'UNKNOWN' : name;
}
