import { status } from '@grpc/grpc-js';
import type { ErrorCode } from '@holdfast/domain';

/**
 * The one table from machine-readable reasons to gRPC codes: every code of the domain, and what
 * only the protocol knows. `ErrorInfo.reason` is the key, the proto's ERRORS section the commentary.
 */
const codes = {
  INVALID_OBJECT_ID: status.INVALID_ARGUMENT,
  INVALID_METADATA: status.INVALID_ARGUMENT,
  INVALID_EXPIRATION: status.INVALID_ARGUMENT,
  INVALID_RANGE: status.INVALID_ARGUMENT,
  INVALID_CONDITION: status.INVALID_ARGUMENT,
  INVALID_PAGE: status.INVALID_ARGUMENT,
  INVALID_LIMIT: status.INVALID_ARGUMENT,
  INVALID_STREAM: status.INVALID_ARGUMENT,
  INVALID_BATCH: status.INVALID_ARGUMENT,
  INVALID_BLOB_NAME: status.INVALID_ARGUMENT,
  INVALID_QUEUE: status.INVALID_ARGUMENT,
  INVALID_SELECTION: status.INVALID_ARGUMENT,
  CONTENT_MISMATCH: status.INVALID_ARGUMENT,
  PAYLOAD_TOO_LARGE: status.INVALID_ARGUMENT,

  OBJECT_NOT_FOUND: status.NOT_FOUND,
  DEAD_LETTER_NOT_FOUND: status.NOT_FOUND,
  SWEEP_NOT_FOUND: status.NOT_FOUND,

  OBJECT_EXISTS: status.FAILED_PRECONDITION,
  REVISION_MISMATCH: status.FAILED_PRECONDITION,
  SWEEP_RUNNING: status.FAILED_PRECONDITION,
  CLOCK_SKEWED: status.FAILED_PRECONDITION,

  RANGE_NOT_SATISFIABLE: status.OUT_OF_RANGE,
  CHECKSUM_MISMATCH: status.DATA_LOSS,

  AT_CAPACITY: status.RESOURCE_EXHAUSTED,
  RATE_LIMITED: status.RESOURCE_EXHAUSTED,
  STORAGE_FULL: status.RESOURCE_EXHAUSTED,

  ACCESS_DENIED: status.PERMISSION_DENIED,
  KILLSWITCHED: status.PERMISSION_DENIED,

  WRITE_FENCED: status.ABORTED,

  TIER_UNAVAILABLE: status.UNAVAILABLE,
  QUEUE_UNAVAILABLE: status.UNAVAILABLE,
  SHUTTING_DOWN: status.UNAVAILABLE,
  OUTCOME_UNKNOWN: status.UNAVAILABLE,

  STREAM_STALLED: status.DEADLINE_EXCEEDED,
  UNREADABLE: status.INTERNAL,
  CANCELLED: status.CANCELLED,
} as const satisfies Record<ErrorCode, status> & Record<string, status>;

/** A reason this version knows. Others may arrive: reasons are added over time. */
export type Reason = keyof typeof codes;

/** `undefined` for a reason that this version does not know. */
export function knownReason(text: string): Reason | undefined {
  return Object.keys(codes).find((reason): reason is Reason => reason === text);
}

export function codeOf(reason: Reason): status {
  return codes[reason];
}
