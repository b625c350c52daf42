import { status } from '@grpc/grpc-js';
import type { Clock } from '@holdfast/domain';
import { isRetryable, RpcError, rpcError } from '@holdfast/rpc';
import { onAbort } from './abort-listeners.js';
import { throwIfAborted, type CallTerms } from './call-terms.js';
import { retryAfterMsMax, type ClientLimits } from './limits.js';
import type { RetryBudget } from './retry-budget.js';
import { retryDelayMs } from './retry-delay.js';

/**
 * Makes a call until it succeeds, as the contract's REPEATING CALLS says:
 *
 * 1. make an attempt; its success is the call's, and what is no retryable failure ends the call;
 * 2. ask whether the call may be repeated: what it may have done decides;
 * 3. pause, for a time that grows with the attempts and that the budget allows, and while there is
 *    no connection, for a while: attempts are for servers that can answer. Then from 1.
 *
 * It ends with the failure of the last attempt, after `attemptsMax` of them or as soon as the next
 * one would come after the deadline.
 */
export interface Repeats {
  run<T>(
    attempt: () => Promise<T>,
    terms: CallTerms,
    mayRepeat?: (error: RpcError) => boolean | Promise<boolean>,
  ): Promise<T>;
  /** Answers whether there is to be another attempt, when its time has come. */
  pause(failedAttempts: number, error: RpcError, terms: CallTerms): Promise<boolean>;
}

export interface RepeatsDependencies {
  readonly budget: RetryBudget;
  readonly clock: Clock;
  /** From 0 up to 1. */
  readonly random: () => number;
  /** Waits for a connection, and answers whether there is one. */
  readonly connected: (terms: CallTerms) => Promise<boolean>;
  /** Aborts when the client is closed: nothing is begun or repeated from then on. */
  readonly closed: AbortSignal;
}

export function createRepeats(limits: ClientLimits, dependencies: RepeatsDependencies): Repeats {
  const { budget, clock, random, closed, connected } = dependencies;
  const pause: Repeats['pause'] = async (failedAttempts, error, terms) => {
    if (failedAttempts >= limits.attemptsMax) return false;
    if ((error.retryAfterMs ?? 0) > retryAfterMsMax) return false;
    const delayMs = retryDelayMs(failedAttempts, error.retryAfterMs, limits, random);
    const timeLeftMs = terms.deadline - clock.now();
    const waitMs = budget.take(timeLeftMs - delayMs);
    if (waitMs === undefined) return false;
    await rest(delayMs + waitMs, terms);
    throwIfAborted(terms.signal);
    return !closed.aborted;
  };
  const rest = async (ms: number, { deadline, signal }: CallTerms): Promise<void> => {
    const wake = new AbortController();
    const releases = [signal, closed].map((one) => onAbort(one, () => wake.abort()));
    if (!closed.aborted) await clock.sleep(ms, wake.signal);
    const connectBy = Math.min(deadline, clock.now() + limits.reconnectMsMax);
    if (!wake.signal.aborted) await connected({ deadline: connectBy, signal: wake.signal });
    for (const release of releases) release();
  };
  return {
    pause,
    async run(attempt, terms, mayRepeat) {
      if (closed.aborted) throw clientClosed();
      for (let attempts = 1; ; attempts += 1) {
        try {
          const value = await attempt();
          budget.earn();
          return value;
        } catch (error) {
          if (!(error instanceof RpcError) || !isRetryable(error)) throw error;
          if (mayRepeat !== undefined && !(await mayRepeat(error))) throw error;
          if (!(await pause(attempts, error, terms))) throw error;
        }
      }
    },
  };
}

function clientClosed(): RpcError {
  return rpcError(status.CANCELLED, undefined, 'the client is closed');
}
