import { setMaxListeners } from 'node:events';
import type { IncomingHttpHeaders, IncomingMessage } from 'node:http';
import type { Clock } from '@holdfast/domain';
import { openBody, type AnswerBody } from './answer-body.js';
import { guardAttempt, type AttemptGuard } from './attempt-guard.js';
import type { Attempts } from './attempts.js';
import { openConnections, type HttpRequest } from './connections.js';
import type { Credentials } from './credentials.js';
import { PassingFailure, unavailable } from './errors.js';
import type { GcsLimits } from './options.js';
import { createPermits } from './permits.js';

/** An answer whose head is there, and whose body is to be read. Whoever has it closes it. */
export interface BegunAnswer {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly body: AnswerBody;
  readonly guard: AttemptGuard;
  close(): void;
}

/** Attempts at requests: each has a permit, a deadline, credentials and a connection. */
export interface Exchange {
  begin(
    request: HttpRequest,
    attempts: Attempts,
    signal: AbortSignal | undefined,
  ): Promise<BegunAnswer>;
  /** How long a body may take to be sent, beyond what everything else may take. */
  sendMs(body: readonly Uint8Array[]): number;
  /** Aborts when it is closed. */
  readonly closed: AbortSignal;
  close(): void;
}

export interface ExchangeDependencies {
  readonly clock: Clock;
  readonly credentials: Credentials;
}

export function createExchange(
  endpoint: URL,
  limits: GcsLimits,
  { clock, credentials }: ExchangeDependencies,
): Exchange {
  const connections = openConnections(endpoint);
  const permits = createPermits('requests', limits.requestsMax, clock);
  const closing = new AbortController();
  // One for each request under way and each payload, whose numbers are bounded.
  setMaxListeners(0, closing.signal);

  const sendMs = (body: readonly Uint8Array[]): number =>
    (body.reduce((sum, piece) => sum + piece.length, 0) / limits.bytesPerSecondMin) * 1000;

  function guardFor(request: HttpRequest, attempts: Attempts, signal?: AbortSignal): AttemptGuard {
    const longestMs = limits.attemptMsMax + sendMs(request.body ?? []);
    const attemptMs = Math.min(longestMs, attempts.leftMs());
    const terms = { clock, attemptMs, stallMs: limits.stallMsMax };
    return guardAttempt(terms, signal === undefined ? [closing.signal] : [closing.signal, signal]);
  }

  async function send(request: HttpRequest, guard: AttemptGuard): Promise<IncomingMessage> {
    const authorization = await guard.unlessOver(credentials.headers()).catch((error: unknown) => {
      guard.signal.throwIfAborted();
      throw new PassingFailure(`there are no credentials: ${String(error)}`, { cause: error });
    });
    const headers = { ...request.headers, ...authorization };
    return connections.exchange({ ...request, headers }, guard);
  }

  async function begin(
    request: HttpRequest,
    attempts: Attempts,
    signal: AbortSignal | undefined,
  ): Promise<BegunAnswer> {
    // An attempt begins when its turn has come. Once the tier is closed, all turns come soon.
    const release = await permits.take(attempts.leftMs(), signal ?? closing.signal);
    const guard = guardFor(request, attempts, signal);
    try {
      return begunAnswer(await send(request, guard), guard, release);
    } catch (error) {
      guard.end();
      release();
      throw error;
    }
  }

  function begunAnswer(
    message: IncomingMessage,
    guard: AttemptGuard,
    release: () => void,
  ): BegunAnswer {
    const { statusCode: status = 0, headers } = message;
    const body = openBody(message, limits.stallMsMax, clock);
    const close = (): void => {
      body.destroy();
      guard.end();
      release();
    };
    return { status, headers, body, guard, close };
  }

  return {
    begin,
    sendMs,
    closed: closing.signal,
    close() {
      closing.abort(unavailable('it was closed'));
      connections.close();
    },
  };
}
