import { DomainError } from '@holdfast/domain';
import { setTimeout as pause } from 'node:timers/promises';
import { classifyFailure, outcomeUnknown, unavailable } from './bigtable-errors.js';
import type { ResolvedBigtableOptions } from './options.js';

/** How often a call may be sent. */
export type CallKind =
  /** It changes nothing: as often as need be. */
  | 'read'
  /** Twice is as good as once: as often as need be. */
  | 'idempotent'
  /** Sent again, it could undo what another did in between. */
  | 'once';

/** Attempts a call until it is answered, as often as its kind allows, within `callMsMax`. */
export type AttemptCall = <Answer>(
  kind: CallKind,
  attempt: (timeoutMs: number) => Promise<Answer>,
) => Promise<Answer>;

const pauseMsFirst = 50;
const pauseMsMax = 1_000;

export function createAttemptCall(
  { callMsMax, attemptMsMax, attemptsMax }: ResolvedBigtableOptions,
  random: () => number,
): AttemptCall {
  /** Anything from half of it to all of it, so that many callers do not come back together. */
  function pauseMsAfter(attempts: number): number {
    const ms = Math.min(pauseMsMax, pauseMsFirst * 2 ** (attempts - 1));
    return ms * (0.5 + random() / 2);
  }

  return async (kind, attempt) => {
    const endsAt = performance.now() + callMsMax;
    let mayHaveEffect = false;
    for (let attempts = 1; ; attempts += 1) {
      const leftMs = endsAt - performance.now();
      try {
        return await attempt(kind === 'once' ? leftMs : Math.min(leftMs, attemptMsMax));
      } catch (error) {
        // An answer that was understood and is no good, as a row that cannot be read.
        if (error instanceof DomainError) throw error;
        const failure = classifyFailure(error);
        mayHaveEffect ||= failure.mayHaveEffect && kind !== 'read';
        const pauseMs = pauseMsAfter(attempts);
        const mayRepeat = kind !== 'once' || !failure.mayHaveEffect;
        const isInTime = performance.now() + pauseMs < endsAt && attempts < attemptsMax;
        if (!failure.isTransient || !mayRepeat || !isInTime) {
          throw mayHaveEffect ? outcomeUnknown(error) : unavailable(failure.why, error);
        }
        await pause(pauseMs);
      }
    }
  };
}
