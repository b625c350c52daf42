import { status } from '@grpc/grpc-js';
import type { Clock } from '@holdfast/domain';
import { rpcError } from '@holdfast/rpc';
import { onAbort } from './abort-listeners.js';
import type { CallTerms } from './call-terms.js';
import { cancelled, deadlineExceeded } from './errors.js';

/**
 * Stands by a call that streams: whatever the call waits for, the guard ends the wait when the
 * caller's signal aborts, when the deadline passes, when the call fails meanwhile, or when the other
 * side does not move.
 *
 * A race against one long-lived promise would keep a reaction for each chunk of a long stream.
 */
export interface CallGuard {
  /** Without `waitMsMax` the wait is for the caller's own doing, which may take its time. */
  wait<T>(promise: Promise<T>, waitMsMax?: number): Promise<T>;
  /** Ends the wait under way and all later ones; only the first error counts. */
  readonly interrupt: (error: unknown) => void;
  /** Lets go of the signal and the deadline. */
  close(): void;
}

/** A longer timer would fire at once. */
const timerMsMax = 2 ** 31 - 1;

/** `end` frees what the call holds; it is called for each interruption. */
export function createCallGuard(terms: CallTerms, clock: Clock, end: () => void): CallGuard {
  const { signal, deadline } = terms;
  let failure: { readonly error: unknown } | undefined;
  let endWait: ((error: unknown) => void) | undefined;
  const interrupt = (error: unknown): void => {
    failure ??= { error };
    end();
    endWait?.(failure.error);
  };
  const timeLeftMs = deadline - clock.now();
  const timer =
    timeLeftMs > timerMsMax
      ? undefined
      : setTimeout(() => interrupt(deadlineExceeded()), timeLeftMs);
  const release = onAbort(signal, () => {
    if (signal !== undefined) interrupt(cancelled(signal));
  });
  return {
    interrupt,
    close() {
      clearTimeout(timer);
      release();
    },
    async wait(promise, waitMsMax) {
      let stall: NodeJS.Timeout | undefined;
      try {
        return await new Promise((resolve, reject) => {
          endWait = reject;
          promise.then(resolve, reject);
          if (failure !== undefined) reject(failure.error);
          if (waitMsMax === undefined) return;
          stall = setTimeout(() => interrupt(stalled(waitMsMax)), waitMsMax);
        });
      } finally {
        endWait = undefined;
        clearTimeout(stall);
      }
    },
  };
}

function stalled(waitMsMax: number): Error {
  const why = `the server did not move for ${waitMsMax / 1000} seconds`;
  return rpcError(status.UNAVAILABLE, undefined, why);
}
