/**
 * What a worker does with a job.
 *
 * 1. Ask the breaker for leave. Without it the job is run again later, and has lost nothing.
 * 2. Have its change settled, or its blob reclaimed, in one call with those of other jobs. Of the job
 *    only the id is used: the store decides everything anew from what it holds.
 * 3. Done: the job goes. Its time has not come: it is run again then. Failed: it is tried again by the
 *    rules of its queue, and becomes a dead letter when it is out of attempts.
 * 4. Failed while the breaker is not closed: what it needs seems unwell for all, so it is run again later
 *    with all its attempts; but for two hours only, from its first such failure on. After them each
 *    failure uses up an attempt, so that one that always fails is seen in the end.
 * 5. Not sent at all: it is run again later, with all its attempts.
 * 6. Given up, because the process has to end: it is anybody's after a moment.
 *
 * A crash at any of these leaves the job with its queue, which hands it out again when the claim of the
 * dead worker has lapsed. Cleaning twice does no harm.
 */
import type {
  CleanupFailure,
  CleanupHandler,
  CleanupJob,
  Clock,
  Timestamp,
} from '@holdfast/domain';
import { NotSent } from './batcher.js';
import type { Breaker } from './breaker.js';
import type { Cleaner } from './cleaner.js';
import type { JobObserver, ObservedJob } from './observe-jobs.js';
import type { SparedFailures } from './spared-failures.js';
import { failureOfCall, isTierUnwell, type Verdict } from './verdict.js';

export interface HandlerDependencies {
  readonly settle: Cleaner;
  readonly reclaim: Cleaner;
  readonly breaker: Pick<Breaker, 'enter' | 'state' | 'againAt'>;
  readonly spared: SparedFailures;
  readonly clock: Clock;
  readonly observer: JobObserver;
  /** Has aborted when what the cleaners are at was given up for the end of the process. */
  readonly ending: AbortSignal;
}

type Result =
  | Verdict
  | { readonly kind: 'call-failed'; readonly failure: CleanupFailure }
  | { readonly kind: 'not-sent' }
  | { readonly kind: 'given-up' };

export function createCleanupHandler(dependencies: HandlerDependencies): CleanupHandler {
  const { breaker, spared, clock, observer } = dependencies;

  function hold(observed: ObservedJob): Timestamp {
    observed.ended('held');
    return breaker.againAt();
  }

  function fail(job: CleanupJob, failure: CleanupFailure, observed: ObservedJob): Timestamp {
    if (breaker.state() !== 'closed' && spared.spare(entryOf(job))) return hold(observed);
    return failAlone(failure, observed);
  }

  function failAlone(failure: CleanupFailure, observed: ObservedJob): never {
    observed.failed(failure);
    throw failure;
  }

  return async (job, signal) => {
    const observed = observer.began(job);
    const passage = breaker.enter();
    if (passage === undefined) return hold(observed);
    const result = await clean(job, signal, dependencies);
    // With the last of its probes the breaker may open, and only then does it know when to try again.
    passage.leave();
    switch (result.kind) {
      case 'done':
        spared.forget(entryOf(job));
        observed.ended('done');
        return undefined;
      case 'again':
        spared.forget(entryOf(job));
        observed.ended('again');
        return result.at;
      case 'failed':
        if (!isTierUnwell(result.failure)) return failAlone(result.failure, observed);
        return fail(job, result.failure, observed);
      case 'call-failed':
        return fail(job, result.failure, observed);
      case 'not-sent':
        return hold(observed);
      case 'given-up':
        observed.ended('given-up');
        return clock.now();
    }
  };
}

function entryOf(job: CleanupJob): string {
  switch (job.kind) {
    case 'settle-change':
      return job.changeId;
    case 'reclaim-blob':
      return job.blob;
  }
}

async function clean(
  job: CleanupJob,
  signal: AbortSignal,
  { settle, reclaim, ending }: HandlerDependencies,
): Promise<Result> {
  try {
    switch (job.kind) {
      case 'settle-change':
        return await settle.clean(job.changeId, signal);
      case 'reclaim-blob':
        return await reclaim.clean(job.blob, signal);
    }
  } catch (error) {
    if (ending.aborted) return { kind: 'given-up' };
    if (error instanceof NotSent) return { kind: 'not-sent' };
    return { kind: 'call-failed', failure: failureOfCall(error) };
  }
}
