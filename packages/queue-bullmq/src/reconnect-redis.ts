import type { RedisOptions as ClientOptions } from 'ioredis';

/** When a client connects again after its connection was lost, or has turned out to be of no use. */
export interface Reconnecting {
  readonly reconnectOnError: NonNullable<ClientOptions['reconnectOnError']>;
  readonly retryStrategy: (attempt: number) => number;
}

const reconnectMsMin = 50;
export const reconnectMsMax = 3_000;
const reconnect = 1;
const reconnectAndResend = 2;

/**
 * A primary that has become a replica refuses every write, but is there: whoever hurried back to it would
 * be refused again at once, for ever. So there is a long wait after such a refusal, and the usual ones
 * otherwise.
 */
export function createReconnecting(
  isPatient: boolean,
  refused: (error: Error) => void = () => undefined,
): Reconnecting {
  let isRefused = false;

  return {
    reconnectOnError(error) {
      if (!isOfReplica(error)) return false;
      isRefused = true;
      refused(error);
      return isPatient ? reconnectAndResend : reconnect;
    },

    retryStrategy(attempt) {
      const ms = isRefused ? reconnectMsMax : reconnectDelayMs(attempt);
      isRefused = false;
      return ms;
    },
  };
}

/** Before version 7 Redis says it in the middle of what it says about a script. */
function isOfReplica({ message }: Error): boolean {
  return /\bREADONLY\b/.test(message);
}

/** Doubles from attempt to attempt up to the cap; the jitter takes up to half of it away. */
export function reconnectDelayMs(attempt: number): number {
  const fullMs = Math.min(reconnectMsMin * 2 ** Math.min(attempt - 1, 30), reconnectMsMax);
  return Math.ceil(fullMs * (1 - Math.random() / 2));
}
