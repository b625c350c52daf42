/**
 * Whether Redis is there, and is one that keeps jobs. Nothing that callers ask for depends on it.
 *
 * 1. At the start it is asked how it is configured. One that throws keys away when its memory is full
 *    (`maxmemory-policy` other than `noeviction`) would lose jobs and dead letters while all seems well:
 *    that refuses the start. One that does not answer soon does not.
 * 2. Whenever it is connected it is asked again, until it answers: it may have been down before, or be
 *    another one by now. A wrong one is an error in the log then, since callers are served by this
 *    process meanwhile, and lost jobs cost time only.
 */
import { hasCode, type Clock } from '@holdfast/domain';
import type { QueueReport, RedisInspection, RedisProblem } from '@holdfast/queue-bullmq';
import { createLineLimit, StartupError, type Logger } from '@holdfast/service-kit';

export interface RedisWatchDependencies {
  readonly inspect: () => Promise<RedisInspection>;
  readonly clock: Clock;
  readonly logger: Logger;
  /** No further questions are asked once it aborts. */
  readonly signal: AbortSignal;
}

export interface RedisWatch {
  /** The first question. Rejects with a `StartupError` for a Redis that must not be used. */
  inspectAtStart(): Promise<void>;
  /** Where the producer tells about itself. */
  readonly report: QueueReport;
}

/** The start waits no longer for the first answer. */
const startMsMax = 2_000;
const askAgainMs = 1_000;
const failureLinesPerSecondMax = 5;

export function createRedisWatch({
  inspect,
  clock,
  logger,
  signal,
}: RedisWatchDependencies): RedisWatch {
  const mayLogFailure = createLineLimit(failureLinesPerSecondMax);
  let connection = new AbortController();
  /** What the first connection is to need not be asked again. */
  let isKnown = false;
  let warned = '';
  let isMissed = false;

  /** Answers why it must not be used. */
  function judge({ version, problems }: RedisInspection): readonly string[] {
    const warnings = textsOf(problems, 'warn').join('; ');
    if (warnings !== warned && warnings !== '') logger.warn({ version, warnings }, 'about Redis');
    warned = warnings;
    return textsOf(problems, 'refuse');
  }

  async function inspectFirst(): Promise<void> {
    try {
      const reasons = judge(await inspect());
      const lines = reasons.map((reason) => `queue.url: ${reason}`);
      if (lines.length > 0) throw new StartupError(lines.join('\n'));
      isKnown = true;
    } catch (cause) {
      // That it is away is told by who goes on trying to connect.
      if (!hasCode(cause, 'TIER_UNAVAILABLE')) throw cause;
    }
  }

  async function inspectUntilKnown(gone: AbortSignal): Promise<void> {
    for (let questions = 0; !gone.aborted && !signal.aborted; questions += 1) {
      try {
        const reasons = judge(await inspect());
        if (reasons.length > 0) logger.error({ reasons }, 'this Redis may lose cleanup jobs');
        return;
      } catch (cause) {
        if (questions === 0) logger.warn({ cause }, 'Redis does not tell how it is configured');
        await clock.sleep(askAgainMs, AbortSignal.any([gone, signal]));
      }
    }
  }

  return {
    async inspectAtStart() {
      const over = new AbortController();
      const asking = inspectFirst();
      // Should it fail after we stopped to wait for it: whoever is connected is asked again.
      asking.catch(() => undefined);
      try {
        await Promise.race([asking, clock.sleep(startMsMax, over.signal)]);
      } finally {
        over.abort();
      }
    },

    report: {
      connected() {
        // Whoever was told that it is away is told that it is back.
        logger[isMissed ? 'warn' : 'info']({}, 'Redis is connected: cleanup is queued');
        isMissed = false;
        connection.abort();
        connection = new AbortController();
        if (!isKnown) void inspectUntilKnown(connection.signal);
        isKnown = false;
      },
      disconnected(cause) {
        if (signal.aborted) return;
        isMissed = true;
        logger.warn({ cause }, 'Redis cannot be reached: cleanup waits on the change log');
        connection.abort();
      },
      failed(what, cause) {
        const unsaid = mayLogFailure();
        if (unsaid === undefined) return;
        const more = unsaid > 0 ? { unsaid } : {};
        logger.warn({ what, cause, ...more }, 'the cleanup queue reports a failure');
      },
    },
  };
}

function textsOf(
  problems: readonly RedisProblem[],
  wanted: RedisProblem['severity'],
): readonly string[] {
  return problems.filter(({ severity }) => severity === wanted).map(({ text }) => text);
}
