import { DomainError } from '@holdfast/domain';
import { grpc } from 'google-gax';

const tierName = 'bigtable';
const { status } = grpc;

/** A call that did not leave this process: there was no connection to send it on. */
export class NotSentError extends Error {
  override readonly name = 'NotSentError';
}

/** What is known of a call that failed. */
export interface CallFailure {
  readonly mayHaveEffect: boolean;
  /** The same call may go through a little later. */
  readonly isTransient: boolean;
  readonly why: string;
}

/**
 * With these the server says that it refused to do what it was asked for. `RESOURCE_EXHAUSTED` is none of
 * them: calls under way also end with it when the server closes a connection that was too busy for it,
 * and some of them may have been done.
 */
const refusals: ReadonlySet<unknown> = new Set([
  status.INVALID_ARGUMENT,
  status.NOT_FOUND,
  status.PERMISSION_DENIED,
  status.FAILED_PRECONDITION,
  status.OUT_OF_RANGE,
  status.UNIMPLEMENTED,
  status.UNAUTHENTICATED,
]);

/**
 * A lost connection shows as most of these, depending on when and how it was lost, and credentials that
 * cannot be had for a moment as `UNKNOWN`.
 */
const transients: ReadonlySet<unknown> = new Set([
  status.UNKNOWN,
  status.CANCELLED,
  status.DEADLINE_EXCEEDED,
  status.RESOURCE_EXHAUSTED,
  status.ABORTED,
  status.INTERNAL,
  status.UNAVAILABLE,
]);

export function classifyFailure(error: unknown): CallFailure {
  const why = error instanceof Error ? error.message : String(error);
  if (error instanceof NotSentError) return { mayHaveEffect: false, isTransient: true, why };
  const code = statusCodeOf(error);
  return { mayHaveEffect: !refusals.has(code), isTransient: transients.has(code), why };
}

/** Nothing came back in time, or nothing could be sent. */
export function isSilence(error: unknown): boolean {
  return error instanceof NotSentError || statusCodeOf(error) === status.DEADLINE_EXCEEDED;
}

export function statusCodeOf(error: unknown): unknown {
  return error instanceof Error && 'code' in error ? error.code : undefined;
}

export function unavailable(why: string, cause?: unknown): DomainError {
  return new DomainError({ code: 'TIER_UNAVAILABLE', tier: tierName, why }, { cause });
}

export function outcomeUnknown(cause: unknown): DomainError {
  return new DomainError({ code: 'OUTCOME_UNKNOWN' }, { cause });
}
