import { status } from '@grpc/grpc-js';
import { rpc } from '@holdfast/contracts';
import { CleanupFailure, later, type Clock, type Timestamp } from '@holdfast/domain';
import { fromStatusBytes, RpcError } from '@holdfast/rpc';

/** What one answer of the store means for its job, and says about the tiers behind the store. */
export type Verdict =
  /** `tiers`: well when the long-term tier has done something for it. */
  | { readonly kind: 'done'; readonly tiers: 'well' | 'not-known' }
  /** Its time has not come, or it was left out. */
  | { readonly kind: 'again'; readonly at: Timestamp }
  | { readonly kind: 'failed'; readonly failure: CleanupFailure };

/** For an entry that the store has left out, as one too many for its call. */
const leftOutReason = 'AT_CAPACITY';
const leftOutMs = 1_000;

/** For an entry that failed by itself. */
export function failedEntry(error: rpc.Status, { clock }: { readonly clock: Clock }): Verdict {
  const cause = fromStatusBytes(rpc.Status.encode(error).finish());
  if (cause.reason === leftOutReason) return { kind: 'again', at: later(clock.now(), leftOutMs) };
  // The store will not understand it the next time either.
  const isFinal = cause.code === status.INVALID_ARGUMENT;
  const failure = new CleanupFailure(reasonOf(cause), cause.message, { isFinal, cause });
  return { kind: 'failed', failure };
}

/** For an answer that this version does not know: nobody can say whether the blob is gone. */
export function unknownOutcome(what: string): Verdict {
  const failure = new CleanupFailure('UNKNOWN_OUTCOME', `the store answered ${what}`);
  return { kind: 'failed', failure };
}

/** For a call that failed as a whole. */
export function failureOfCall(cause: unknown): CleanupFailure {
  if (cause instanceof CleanupFailure) return cause;
  if (cause instanceof RpcError) {
    return new CleanupFailure(reasonOf(cause), cause.message, { cause });
  }
  const message = cause instanceof Error ? cause.message : String(cause);
  return new CleanupFailure('INTERNAL', message, { cause });
}

/** Codes of calls that a store, or the way to it, did not take: whatever was asked for. */
const notTakenCodes: ReadonlySet<status> = new Set([
  status.UNAVAILABLE,
  status.UNAUTHENTICATED,
  status.PERMISSION_DENIED,
  status.UNIMPLEMENTED,
  status.RESOURCE_EXHAUSTED,
]);

export function isNotTaken(cause: unknown): boolean {
  return cause instanceof RpcError && notTakenCodes.has(cause.code);
}

/** Reasons that are about a tier or a store as a whole, and not about what was to be cleaned. */
const unwellReasons: ReadonlySet<string> = new Set([
  'TIER_UNAVAILABLE',
  'OUTCOME_UNKNOWN',
  'STORAGE_FULL',
  'RATE_LIMITED',
  'SHUTTING_DOWN',
  'UNAVAILABLE',
  'DEADLINE_EXCEEDED',
  'RESOURCE_EXHAUSTED',
  'CANCELLED',
]);

export function isTierUnwell({ reason }: CleanupFailure): boolean {
  return unwellReasons.has(reason);
}

function reasonOf({ reason, code }: RpcError): string {
  return reason ?? status[code] ?? 'UNKNOWN';
}
