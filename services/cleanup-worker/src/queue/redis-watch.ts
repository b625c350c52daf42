/**
 * Whether Redis is there, and is one that keeps jobs.
 *
 * 1. At the start it is asked how it is configured. One that throws keys away when its memory is full
 *    (`maxmemory-policy` other than `noeviction`) would lose jobs and dead letters while all seems well:
 *    that refuses the start. One that cannot be reached does not.
 * 2. Whenever it is connected it is asked again, until it answers: it may have been down before, or be
 *    another one by now. A wrong one then ends the process, with the same line.
 * 3. It is a reason not to be ready for as long as it is away, or has not answered.
 *
 * Each change is one line in the log, however often it is tried in between.
 */
import { hasCode, type Clock } from '@holdfast/domain';
import type { QueueReport, RedisInspection } from '@holdfast/queue-bullmq';
import { createLineLimit, StartupError, type Logger } from '@holdfast/service-kit';

export interface RedisWatchDependencies {
  readonly inspect: () => Promise<RedisInspection>;
  readonly clock: Clock;
  readonly logger: Logger;
  /** This Redis must not be used. */
  readonly refuse: (error: StartupError) => void;
  /** No further questions are asked once it aborts. */
  readonly signal: AbortSignal;
}

export interface RedisWatch {
  /** The first question. Rejects with a `StartupError` for a Redis that must not be used. */
  inspectAtStart(): Promise<void>;
  /** Where the queues tell about themselves. */
  readonly report: QueueReport;
  /** Why it is not ready; `undefined` when it is. */
  problem(): string | undefined;
  /** Tells whenever `problem` may answer something else. */
  onChange(listener: () => void): void;
}

const askAgainMs = 1_000;
const failureLinesPerSecondMax = 5;

interface Connection {
  isInspected: boolean;
  readonly gone: AbortController;
}

export function createRedisWatch({
  inspect,
  clock,
  logger,
  refuse,
  signal,
}: RedisWatchDependencies): RedisWatch {
  const mayLogFailure = createLineLimit(failureLinesPerSecondMax);
  const listeners: (() => void)[] = [];
  let connection: Connection | undefined;
  let warned = '';
  let isMissed = false;

  function changed(): void {
    for (const listener of listeners) listener();
  }

  function judge({ version, problems }: RedisInspection): void {
    const reasons = textsOf(problems, 'refuse').map((text) => `queue.url: ${text}`);
    if (reasons.length > 0) throw new StartupError(reasons.join('\n'));
    const warnings = textsOf(problems, 'warn').join('; ');
    if (warnings !== warned && warnings !== '') logger.warn({ version, warnings }, 'about Redis');
    warned = warnings;
  }

  async function inspectUntilKnown(own: Connection): Promise<void> {
    const gone = own.gone.signal;
    for (let questions = 0; !gone.aborted && !signal.aborted; questions += 1) {
      try {
        judge(await inspect());
        own.isInspected = true;
        return changed();
      } catch (cause) {
        if (cause instanceof StartupError) return refuse(cause);
        if (questions === 0) logger.warn({ cause }, 'Redis does not tell how it is configured');
        await clock.sleep(askAgainMs, gone);
      }
    }
  }

  return {
    async inspectAtStart() {
      try {
        judge(await inspect());
      } catch (cause) {
        // That it is away is told by who goes on trying to connect.
        if (hasCode(cause, 'TIER_UNAVAILABLE')) return;
        throw cause instanceof StartupError ? cause : queueError(cause);
      }
    },

    report: {
      connected() {
        // Whoever was told that it is away is told that it is back.
        logger[isMissed ? 'warn' : 'info']({}, 'Redis is connected');
        isMissed = false;
        connection?.gone.abort();
        connection = { isInspected: false, gone: new AbortController() };
        changed();
        void inspectUntilKnown(connection);
      },
      disconnected(cause) {
        if (signal.aborted) return;
        isMissed = true;
        logger.warn({ cause }, 'Redis cannot be reached: no jobs are taken until it can');
        connection?.gone.abort();
        connection = undefined;
        changed();
      },
      failed(what, cause) {
        const unsaid = mayLogFailure();
        if (unsaid === undefined) return;
        const more = unsaid > 0 ? { unsaid } : {};
        logger.warn({ what, cause, ...more }, 'the queues report a failure');
      },
    },

    problem() {
      if (connection === undefined) return 'Redis cannot be reached';
      return connection.isInspected ? undefined : 'Redis has not told how it is configured';
    },

    onChange: (listener) => void listeners.push(listener),
  };
}

/** For a file of a certificate that cannot be read, say. */
export function queueError(cause: unknown): StartupError {
  return new StartupError(`queue: ${cause instanceof Error ? cause.message : String(cause)}`, {
    cause,
  });
}

function textsOf(
  problems: RedisInspection['problems'],
  wanted: RedisInspection['problems'][number]['severity'],
): readonly string[] {
  return problems.filter(({ severity }) => severity === wanted).map(({ text }) => text);
}
