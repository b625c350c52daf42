import type { CleanupFailure } from '@holdfast/domain';

/** What has become of the jobs that ran while the breaker was half-open once. */
export interface BreakerRound {
  /** A job runs. Answers how to say that it has ended, which is heard once. */
  enter(): () => void;
  /** No store was reached by a call. */
  lost(failure: CleanupFailure): void;
  failed(subject: string, failure: CleanupFailure): void;
  /** It was answered, which showed nothing. */
  answered(subject: string): void;
  hasRoom(): boolean;
  /** A call was lost. */
  isLost(): boolean;
  /** How things are, as long as nothing has gone well. */
  outcome(answersMin: number): RoundOutcome;
}

export type RoundOutcome =
  | { readonly kind: 'going-on' }
  /** A few were answered, and no two have failed. */
  | { readonly kind: 'not-unwell' }
  /** Different subjects have failed, or no store was reached, and nothing runs that may prove it well. */
  | { readonly kind: 'unwell'; readonly failure: CleanupFailure; readonly isUnreachable: boolean };

/** One may have itself to blame. */
const failedMin = 2;

export function createBreakerRound({ probesMax }: { readonly probesMax: number }): BreakerRound {
  const failed = new Set<string>();
  let running = 0;
  let answers = 0;
  let isLost = false;
  let failure: CleanupFailure | undefined;

  const isUnwell = (): boolean => isLost || failed.size >= failedMin;

  return {
    enter() {
      let hasLeft = false;
      running += 1;
      return () => {
        if (!hasLeft) running -= 1;
        hasLeft = true;
      };
    },
    lost(cause) {
      isLost = true;
      failure = cause;
    },
    failed(subject, cause) {
      if (isUnwell()) return;
      failed.add(subject);
      failure = cause;
    },
    answered(subject) {
      failed.delete(subject);
      answers += 1;
    },
    hasRoom: () => running < probesMax && !isUnwell(),
    isLost: () => isLost,
    outcome(answersMin) {
      if (failure !== undefined && isUnwell() && running === 0) {
        return { kind: 'unwell', failure, isUnreachable: isLost };
      }
      return { kind: !isUnwell() && answers >= answersMin ? 'not-unwell' : 'going-on' };
    },
  };
}
