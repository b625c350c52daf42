import type { CleanupFailure, Clock } from '@holdfast/domain';
import { StoreUnreachable } from '@holdfast/rpc';
import { createBatcher, NotSent, type BatchedCall, type BatcherOptions } from './batcher.js';
import type { Breaker } from './breaker.js';
import type { Finding } from './call-report.js';
import { failureOfCall, isNotTaken, isTierUnwell, type Verdict } from './verdict.js';

/** Has the entries of one kind of job cleaned, many in one call. */
export interface Cleaner {
  /**
   * Rejects when the call failed as a whole: with `NotSent`, with a `CleanupFailure`, or with the reason
   * for which it was given up.
   */
  clean(entry: string, signal: AbortSignal): Promise<Verdict>;
  /** Gives up all that it is at. */
  giveUp(reason: Error): void;
}

export interface CleanerDependencies<Answer> {
  readonly breaker: Pick<Breaker, 'send'>;
  readonly call: BatchedCall<Answer>;
  readonly judge: (entry: string, answer: Answer | undefined) => Verdict;
  /** How many entries a call carries. */
  readonly sent: (entries: number) => void;
  readonly clock: Pick<Clock, 'sleep'>;
}

/** The breaker hears of a call before the jobs do: by what it then is they know what to do. */
export function createCleaner<Answer>(
  options: BatcherOptions,
  dependencies: CleanerDependencies<Answer>,
): Cleaner {
  const { breaker, call, judge, sent, clock } = dependencies;

  async function send(
    entries: readonly string[],
    signal: AbortSignal,
  ): Promise<readonly Verdict[]> {
    // It opened while they waited.
    const report = breaker.send();
    if (report === undefined) throw new NotSent('the breaker is open');
    sent(entries.length);
    try {
      const answers = await call(entries, signal);
      const verdicts = entries.map((entry, index) => judge(entry, answers[index]));
      report.answered(verdicts.map((verdict, index) => finding(entries[index] ?? '', verdict)));
      return verdicts;
    } catch (cause) {
      const failure = failureOfCall(cause);
      const isUnreachable = isNotTaken(cause);
      // A call that was given up says nothing about the store.
      if (!signal.aborted) report.failed({ subjects: entries, failure, isUnreachable });
      throw cause instanceof StoreUnreachable ? new NotSent(cause.message, { cause }) : failure;
    }
  }

  const batcher = createBatcher(options, send, { clock });
  return {
    clean: (entry, signal) => batcher.run(entry, signal),
    giveUp: (reason) => batcher.giveUp(reason),
  };
}

function finding(subject: string, verdict: Verdict): Finding {
  switch (verdict.kind) {
    case 'done':
      return { subject, tiers: verdict.tiers };
    case 'again':
      return { subject, tiers: 'not-known' };
    case 'failed':
      return failedFinding(subject, verdict.failure);
  }
}

function failedFinding(subject: string, failure: CleanupFailure): Finding {
  return isTierUnwell(failure)
    ? { subject, tiers: 'unwell', failure }
    : { subject, tiers: 'not-known' };
}
