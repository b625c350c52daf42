import { status } from '@grpc/grpc-js';
import { DomainError } from '@holdfast/domain';
import { domainStatus } from './domain-status.js';
import type { FieldViolation } from './field-violation.js';
import { codeOf, type Reason } from './reasons.js';
import { cutText } from './text-limits.js';

/** What an error says beside its code, reason and message. */
export interface ErrorExtra {
  readonly info?: Readonly<Record<string, string>>;
  readonly violations?: readonly FieldViolation[];
  readonly retryAfterMs?: number | undefined;
  readonly details?: Uint8Array | undefined;
  readonly cause?: unknown;
}

/** Of the message, in UTF-16 units: it travels in a header of its own, percent-encoded. */
const messageCharactersMax = 512;

/** How a call failed: what a handler throws, and what a caller gets. */
export class RpcError extends Error {
  override readonly name = 'RpcError';
  readonly code: status;
  /** `ErrorInfo.reason` of the domain `holdfast`, where there is one. */
  readonly reason: string | undefined;
  /** `ErrorInfo.metadata`. */
  readonly info: Readonly<Record<string, string>>;
  readonly violations: readonly FieldViolation[];
  /** From `RetryInfo`: nothing was done, repeat after this long. */
  readonly retryAfterMs: number | undefined;
  /** The encoded google.rpc.Status it was received with; it is passed on as it is. */
  readonly details: Uint8Array | undefined;

  constructor(code: status, reason: string | undefined, message: string, extra: ErrorExtra = {}) {
    super(cutText(message, messageCharactersMax), causeOf(extra));
    this.code = code;
    this.reason = reason;
    this.info = extra.info ?? {};
    this.violations = extra.violations ?? [];
    this.retryAfterMs = extra.retryAfterMs;
    this.details = extra.details;
  }
}

export function rpcError(
  code: status,
  reason: string | undefined,
  message: string,
  extra?: ErrorExtra,
): RpcError {
  return new RpcError(code, reason, message, extra);
}

/** An error with one of the contract's reasons, and the code that belongs to it. */
export function reasonError(reason: Reason, message: string, extra?: ErrorExtra): RpcError {
  return new RpcError(codeOf(reason), reason, message, extra);
}

/** INVALID_ARGUMENT with a BadRequest that names the field. */
export function invalidField(
  reason: string,
  field: string,
  why: string,
  extra: Pick<ErrorExtra, 'cause'> = {},
): RpcError {
  return new RpcError(status.INVALID_ARGUMENT, reason, `${field}: ${why}`, {
    violations: [{ field, description: why }],
    ...extra,
  });
}

/**
 * What a caller is told about an error: a fault of the domain by the one table, an RpcError as it
 * is. Anything else is INTERNAL and keeps its text to itself; logs find it as the cause.
 */
export function toRpcError(error: unknown): RpcError {
  if (error instanceof RpcError) return error;
  if (!(error instanceof DomainError)) {
    return new RpcError(status.INTERNAL, undefined, 'the server failed', { cause: error });
  }
  const { message, ...extra } = domainStatus(error.detail);
  return reasonError(error.code, message, { ...extra, cause: error });
}

/** Whether the contract allows to repeat the call, under its rules for what may be repeated. */
export function isRetryable(error: RpcError): boolean {
  switch (error.code) {
    case status.ABORTED:
    case status.UNAVAILABLE:
      return true;
    case status.RESOURCE_EXHAUSTED:
      return error.retryAfterMs !== undefined;
    case status.OK:
    case status.CANCELLED:
    case status.UNKNOWN:
    case status.INVALID_ARGUMENT:
    case status.DEADLINE_EXCEEDED:
    case status.NOT_FOUND:
    case status.ALREADY_EXISTS:
    case status.PERMISSION_DENIED:
    case status.FAILED_PRECONDITION:
    case status.OUT_OF_RANGE:
    case status.UNIMPLEMENTED:
    case status.INTERNAL:
    case status.DATA_LOSS:
    case status.UNAUTHENTICATED:
      return false;
  }
}

function causeOf(extra: ErrorExtra): ErrorOptions {
  return extra.cause === undefined ? {} : { cause: extra.cause };
}
