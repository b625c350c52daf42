import type { Clock } from '@holdfast/domain';
import { openChannel, type ClientTls, type Method, type RpcChannel } from '@holdfast/rpc';
import { rpcOptions, termsOf, type CallOptions } from '../../call-terms.js';
import { checkAddress } from '../../check-address.js';
import { connect, waitForConnection } from '../../connect.js';
import { withPublicErrors } from '../../errors.js';
import { clientLimitDefaults } from '../../limits.js';
import { createRepeats } from '../../repeat-call.js';
import { createRetryBudget } from '../../retry-budget.js';
import { systemClock } from '../../system-clock.js';

/** Somebody waits for the answer, and can tell when to try again. */
const limits = { ...clientLimitDefaults, attemptsMax: 4, retryDelayMsMax: 1_000 };

/** Of a call with all its attempts. One that filters may have to look at every dead letter. */
const deadlineMsDefault = 60_000;

export interface OperatorChannelOptions {
  readonly address: string;
  readonly tls: ClientTls | undefined;
}

export type Call<Request, Response> = (request: Request, options: CallOptions) => Promise<Response>;

/** The answer to the last attempt of a call. */
export interface Attempted<Response> {
  readonly answer: Response;
  /** There was an attempt before: what it did, and did not say, this answer does not tell either. */
  readonly isRepeated: boolean;
}

/**
 * A way to a service for operators. Its unary calls may all be repeated, and are, for a moment; they fail
 * with a `HoldfastError`.
 */
export interface OperatorChannel {
  readonly channel: RpcChannel;
  readonly clock: Clock;
  readonly connect: (options: CallOptions) => Promise<void>;
  readonly call: <Request, Response>(method: Method<Request, Response>) => Call<Request, Response>;
  readonly attempted: <Request, Response>(
    method: Method<Request, Response>,
  ) => Call<Request, Attempted<Response>>;
  readonly close: () => void;
}

export function openOperatorChannel(options: OperatorChannelOptions): OperatorChannel {
  const clock = systemClock;
  const closed = new AbortController();
  const channel = openChannel({ address: checkAddress(options.address), tls: options.tls });
  const repeats = createRepeats(limits, {
    clock,
    random: Math.random,
    budget: createRetryBudget(limits, () => clock.now()),
    connected: (terms) => waitForConnection(channel, clock, terms),
    closed: closed.signal,
  });

  function attempted<Request, Response>(
    method: Method<Request, Response>,
  ): Call<Request, Attempted<Response>> {
    return (request, given) =>
      withPublicErrors(async () => {
        const terms = termsOf(given, deadlineMsDefault, clock);
        const wire = { ...rpcOptions(terms), signal: terms.signal };
        let attempts = 0;
        const attempt = (): Promise<Response> => {
          attempts += 1;
          return channel.unary(method, request, wire);
        };
        const answer = await repeats.run(attempt, terms);
        return { answer, isRepeated: attempts > 1 };
      });
  }

  return {
    channel,
    clock,
    attempted,
    connect: (given) => withPublicErrors(() => connect({ channel, clock }, given)),
    call(method) {
      const attempt = attempted(method);
      return async (request, given) => (await attempt(request, given)).answer;
    },
    close() {
      closed.abort();
      channel.close();
    },
  };
}
