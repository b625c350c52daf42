import type { ServiceError, StatusObject } from '@grpc/grpc-js';
import { status } from '@grpc/grpc-js';
import { rpc, type Any, type Duration } from '@holdfast/contracts';
import { durationMessage } from '../wire/duration.js';
import type { FieldViolation } from './field-violation.js';
import { RpcError, type ErrorExtra } from './rpc-error.js';
import { cutText } from './text-limits.js';

/**
 * Error details on the wire: a google.rpc.Status with ErrorInfo, BadRequest and RetryInfo, in the
 * trailer of a call or as the result of a batch operation.
 *
 * Sent ones are bounded, because all metadata of a call has 8 KiB and base64 takes a third more.
 * Received ones are untrusted: what is too large or cannot be decoded is left out, never an error.
 */

export const detailsTrailer = 'grpc-status-details-bin';

const errorDomain = 'holdfast';
const typePrefix = 'type.googleapis.com/google.rpc.';
const detailsBytesMax = 4_096;
const receivedBytesMax = 8_192;
const detailCountMax = 16;
const violationsMax = 16;
const infoPairsMax = 16;
const pairCharactersMax = 128;
const textCharactersMax = 256;
const retryAfterMsMax = 3_600_000;
const errorCodes = new Map<number, status>(
  Object.values(status)
    .filter((code) => typeof code !== 'string')
    .filter((code) => code !== status.OK)
    .map((code) => [code, code]),
);
const reasonPattern = /^[A-Z][A-Z0-9_]{0,62}$/;

/** The google.rpc.Status of an error; of a received one the bytes it came with. */
export function statusBytes(error: RpcError): Buffer {
  if (error.details !== undefined) return asBuffer(error.details);
  const { violations, info } = error;
  const full = encodeStatus(error, info, violations);
  if (full.length <= detailsBytesMax) return full;
  // Only long lists of long texts come here. What callers decide on is kept: code, reason, delay.
  const short = encodeStatus(error, info, []);
  return short.length <= detailsBytesMax ? short : encodeStatus(error, {}, []);
}

/** The error of a call that ended so. */
export function fromServiceError(error: ServiceError | StatusObject): RpcError {
  const bytes = error.metadata.get(detailsTrailer)[0];
  const code = knownCode(error.code);
  if (!Buffer.isBuffer(bytes)) return new RpcError(code, undefined, error.details);
  const decoded = decodeStatus(bytes);
  if (decoded?.code !== code) return new RpcError(code, undefined, error.details);
  return new RpcError(code, ...received(decoded, bytes, error.details));
}

/** The error of a batch operation: an encoded google.rpc.Status. */
export function fromStatusBytes(bytes: Uint8Array): RpcError {
  const decoded = decodeStatus(bytes);
  if (decoded === undefined) {
    return new RpcError(status.UNKNOWN, undefined, 'the server sent an error that cannot be read');
  }
  return new RpcError(knownCode(decoded.code), ...received(decoded, bytes, decoded.message));
}

function encodeStatus(
  { code, message, reason, retryAfterMs }: RpcError,
  info: RpcError['info'],
  violations: RpcError['violations'],
): Buffer {
  const details: Any[] = [];
  if (reason !== undefined) {
    const metadata = Object.fromEntries(Object.entries(info).slice(0, infoPairsMax).map(cutPair));
    const detail = rpc.ErrorInfo.encode({ reason, domain: errorDomain, metadata });
    details.push(packed('ErrorInfo', detail.finish()));
  }
  if (retryAfterMs !== undefined) {
    const detail = rpc.RetryInfo.encode({
      retryDelay: durationMessage(Math.min(retryAfterMs, retryAfterMsMax)),
    });
    details.push(packed('RetryInfo', detail.finish()));
  }
  if (violations.length > 0) {
    const fieldViolations = violations.slice(0, violationsMax).map(cutViolation);
    const detail = rpc.BadRequest.encode(rpc.BadRequest.fromPartial({ fieldViolations }));
    details.push(packed('BadRequest', detail.finish()));
  }
  return asBuffer(rpc.Status.encode({ code, message, details }).finish());
}

function cutPair([name, value]: [string, string]): [string, string] {
  return [cutText(name, pairCharactersMax), cutText(value, pairCharactersMax)];
}

function packed(name: string, value: Uint8Array): Any {
  return { typeUrl: `${typePrefix}${name}`, value };
}

function decodeStatus(bytes: Uint8Array): rpc.Status | undefined {
  if (bytes.length > receivedBytesMax) return undefined;
  return attempt(() => rpc.Status.decode(bytes));
}

function received(
  { details: list }: rpc.Status,
  bytes: Uint8Array,
  message: string,
): [string | undefined, string, ErrorExtra] {
  let reason: string | undefined;
  let info: Record<string, string> = {};
  let retryAfterMs: number | undefined;
  const violations: FieldViolation[] = [];
  for (const { typeUrl, value } of list.slice(0, detailCountMax)) {
    if (typeUrl === `${typePrefix}ErrorInfo`) {
      const detail = attempt(() => rpc.ErrorInfo.decode(value));
      if (detail?.domain !== errorDomain || !reasonPattern.test(detail.reason)) continue;
      ({ reason } = detail);
      info = detail.metadata;
    } else if (typeUrl === `${typePrefix}RetryInfo`) {
      retryAfterMs = delayOf(attempt(() => rpc.RetryInfo.decode(value))?.retryDelay);
    } else if (typeUrl === `${typePrefix}BadRequest`) {
      const found = attempt(() => rpc.BadRequest.decode(value))?.fieldViolations ?? [];
      violations.push(...found.slice(0, violationsMax).map(cutViolation));
    }
  }
  // A copy, because the bytes are part of a message that an error would otherwise hold on to.
  const details = bytes.length <= detailsBytesMax ? Uint8Array.from(bytes) : undefined;
  return [reason, message, { info, violations, retryAfterMs, details }];
}

function cutViolation({ field, description }: FieldViolation): FieldViolation {
  return {
    field: cutText(field, textCharactersMax),
    description: cutText(description, textCharactersMax),
  };
}

function delayOf(duration: Duration | undefined): number | undefined {
  if (duration === undefined) return undefined;
  const ms = Number(duration.seconds) * 1_000 + Math.ceil(duration.nanos / 1_000_000);
  return Math.min(Math.max(ms, 0), retryAfterMsMax);
}

/** OK is no error: who says so with one does not know what became of it. */
function knownCode(code: number): status {
  return errorCodes.get(code) ?? status.UNKNOWN;
}

/** Malformed details are as good as none. */
function attempt<T>(decode: () => T): T | undefined {
  try {
    return decode();
  } catch {
    return undefined;
  }
}

function asBuffer(bytes: Uint8Array): Buffer {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}
