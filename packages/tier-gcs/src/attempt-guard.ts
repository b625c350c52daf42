import type { Clock } from '@holdfast/domain';
import { PassingFailure } from './errors.js';

export interface GuardTerms {
  readonly clock: Clock;
  /** The attempt is over then. */
  readonly attemptMs: number;
  /** And before, if so long nothing moves. */
  readonly stallMs: number;
}

/** Ends an attempt that takes too long, stands still, or is no longer wanted. */
export interface AttemptGuard {
  /** Aborts with the error that the attempt then failed with. */
  readonly signal: AbortSignal;
  noteProgress(): void;
  /** The same promise, but no longer than the attempt lasts. What it leads to is then forgotten. */
  unlessOver<Value>(waiting: Promise<Value>): Promise<Value>;
  /** From here on nothing is watched any more, also not `signals`. */
  end(): void;
}

export function guardAttempt(terms: GuardTerms, signals: readonly AbortSignal[]): AttemptGuard {
  const over = new AbortController();
  const ended = new AbortController();
  let movements = 0;
  const onAbort = ({ target }: Event): void => {
    if (target instanceof AbortSignal) over.abort(target.reason);
  };
  for (const signal of signals) {
    if (signal.aborted) over.abort(signal.reason);
    signal.addEventListener('abort', onAbort);
  }

  async function limit(): Promise<void> {
    await terms.clock.sleep(terms.attemptMs, ended.signal);
    if (!ended.signal.aborted) {
      over.abort(new PassingFailure(`it did not answer within ${terms.attemptMs} ms`));
    }
  }

  async function watchStalls(): Promise<void> {
    for (let seen = -1; seen !== movements;) {
      seen = movements;
      await terms.clock.sleep(terms.stallMs, ended.signal);
      if (ended.signal.aborted) return;
    }
    over.abort(new PassingFailure(`nothing moved for ${terms.stallMs} ms`));
  }

  void limit();
  if (terms.stallMs < terms.attemptMs) void watchStalls();

  return {
    signal: over.signal,
    noteProgress: () => void (movements += 1),
    unlessOver: (waiting) => unlessAborted(over.signal, waiting),
    end() {
      ended.abort();
      for (const signal of signals) signal.removeEventListener('abort', onAbort);
    },
  };
}

function unlessAborted<Value>(signal: AbortSignal, waiting: Promise<Value>): Promise<Value> {
  return new Promise((resolve, reject) => {
    const onAbort = (): void => reject(signal.reason);
    waiting.finally(() => signal.removeEventListener('abort', onAbort)).then(resolve, reject);
    if (signal.aborted) onAbort();
    else signal.addEventListener('abort', onAbort, { once: true });
  });
}
