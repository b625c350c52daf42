import type { IncomingHttpHeaders } from 'node:http';
import type { AnswerBody } from './answer-body.js';
import { beginAttempts, type Attempts } from './attempts.js';
import type { HttpRequest } from './connections.js';
import { isRateLimited, PassingFailure, saidBy, unavailable } from './errors.js';
import { createExchange, type BegunAnswer, type ExchangeDependencies } from './exchange.js';
import type { GcsLimits } from './options.js';
import { isPassing, retryAfterMsOf } from './retry-policy.js';

/** An answer with all of its body. */
export interface Answer {
  readonly kind: 'whole';
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly body: Uint8Array;
}

/** An answer whose body is still to come. It counts as a request under way until it is closed. */
export interface OpenAnswer {
  readonly kind: 'open';
  readonly headers: IncomingHttpHeaders;
  readonly body: AnswerBody;
  close(): void;
}

/**
 * The one place from which requests go out. Every request that is given to it must be one that may
 * be sent twice: it reads, or a precondition, a generation or a session guards it.
 */
export interface JsonApi {
  /** Repeats what fails for passing reasons. Any other answer is the caller's to judge. */
  call(request: HttpRequest, signal?: AbortSignal): Promise<Answer>;
  /** One attempt, which throws `PassingFailure` where another one makes sense. */
  attempt(request: HttpRequest, attempts: Attempts, signal?: AbortSignal): Promise<Answer>;
  /** The same, but a body that was asked for (200, 206) is left to be read as it comes. */
  open(
    request: HttpRequest,
    attempts: Attempts,
    signal?: AbortSignal,
  ): Promise<Answer | OpenAnswer>;
  /** For what sends that body, or the rest of it. */
  attempts(body?: readonly Uint8Array[]): Attempts;
  /** Aborts when the tier is closed. */
  readonly closed: AbortSignal;
  close(): void;
}

export interface JsonApiDependencies extends ExchangeDependencies {
  readonly random: () => number;
}

/** A plain answer is no longer: the longest is a page of a listing. */
const answerBytesMax = 32 * 1024 * 1024;

export function createJsonApi(
  endpoint: URL,
  limits: GcsLimits,
  dependencies: JsonApiDependencies,
): JsonApi {
  const { clock } = dependencies;
  const exchange = createExchange(endpoint, limits, dependencies);

  async function attempt(
    request: HttpRequest,
    attempts: Attempts,
    signal?: AbortSignal,
  ): Promise<Answer> {
    return finish(await exchange.begin(request, attempts, signal));
  }

  async function finish(begun: BegunAnswer): Promise<Answer> {
    try {
      const answer = await readWhole(begun);
      if (!isPassing(answer.status) && !isRateLimited(answer)) return answer;
      const retryAfterMs = retryAfterMsOf(answer.headers['retry-after'], clock.now());
      throw new PassingFailure(`status ${answer.status}: ${saidBy(answer)}`, { retryAfterMs });
    } finally {
      begun.close();
    }
  }

  function attemptsFor(body: readonly Uint8Array[] = []): Attempts {
    const { closed } = exchange;
    return beginAttempts(limits, { ...dependencies, closed }, exchange.sendMs(body));
  }

  return {
    attempt,

    async open(request, attempts, signal) {
      const begun = await exchange.begin(request, attempts, signal);
      if (begun.status !== 200 && begun.status !== 206) return finish(begun);
      // What is left is watched by whoever reads it, at the pace that it is read at.
      begun.guard.end();
      const { headers, body } = begun;
      return { kind: 'open', headers, body, close: () => begun.close() };
    },

    async call(request, signal) {
      const attempts = attemptsFor(request.body);
      for (;;) {
        try {
          return await attempt(request, attempts, signal);
        } catch (error) {
          if (!(error instanceof PassingFailure)) throw error;
          await attempts.pauseAfter(error, signal);
        }
      }
    },

    attempts: attemptsFor,
    closed: exchange.closed,
    close: () => exchange.close(),
  };
}

async function readWhole({ status, headers, body, guard }: BegunAnswer): Promise<Answer> {
  const chunks: Uint8Array[] = [];
  let length = 0;
  for (;;) {
    const chunk = await guard.unlessOver(body.next());
    if (chunk === undefined) return { kind: 'whole', status, headers, body: Buffer.concat(chunks) };
    chunks.push(chunk);
    length += chunk.length;
    if (length > answerBytesMax) throw unavailable(`an answer is over ${answerBytesMax} bytes`);
  }
}
