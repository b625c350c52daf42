/**
 * Whether Redis is there, and is one that keeps jobs.
 *
 * 1. At the start it is asked how it is configured. One that throws keys away when its memory is full
 *    (`maxmemory-policy` other than `noeviction`) would lose jobs and dead letters while all seems well:
 *    that refuses the start. One that does not answer soon does not.
 * 2. Whenever it is connected it is asked again, until it answers: it may have been down before, or be
 *    another one by now. What becomes of a process that has a wrong one then is for its service to say.
 *    Only what the first connection is to need not be asked again where the start has learned it.
 * 3. It is a reason not to be ready for as long as it is away, or has not answered.
 *
 * Each change is one line in the log, however often it is tried in between.
 */
import { hasCode, type Clock } from '@holdfast/domain';
import { createLineLimit } from '../calls/line-limit.js';
import type { Logger } from '../logging/logger.js';
import { startupErrorOf, StartupError } from '../startup-error.js';

/** What a Redis says of itself, as far as it is judged. */
export interface InspectedRedis {
  readonly version: string;
  readonly problems: readonly InspectedRedisProblem[];
}

interface InspectedRedisProblem {
  /** `refuse`: it must not be used. */
  readonly severity: 'refuse' | 'warn';
  readonly text: string;
}

/** Where queues tell about themselves. */
export interface RedisReport {
  connected(): void;
  disconnected(cause: unknown): void;
  failed(what: string, cause: unknown): void;
}

/** The lines of a service: it knows what Redis is to it. */
export interface RedisWatchTexts {
  readonly connected: string;
  readonly disconnected: string;
  readonly failed: string;
}

export interface RedisWatchDependencies {
  /** Rejects with `TIER_UNAVAILABLE` when it cannot be reached. */
  readonly inspect: () => Promise<InspectedRedis>;
  readonly clock: Clock;
  readonly logger: Logger;
  /** The Redis that came later must not be used. */
  readonly refuse: (error: StartupError, reasons: readonly string[]) => void;
  /** No further questions are asked once it aborts. */
  readonly signal: AbortSignal;
}

export interface RedisWatch {
  /** The first question. Rejects with a `StartupError` for a Redis that must not be used. */
  inspectAtStart(): Promise<void>;
  readonly report: RedisReport;
  /** Why it is not ready; `undefined` when it is. */
  problem(): string | undefined;
  /** Tells whenever `problem` may answer something else. */
  onChange(listener: () => void): void;
}

/** The start waits no longer for the first answer. */
const startMsMax = 2_000;
const askAgainMs = 1_000;
const failureLinesPerSecondMax = 5;

interface Connection {
  isInspected: boolean;
  readonly gone: AbortController;
}

export function createRedisWatch(
  texts: RedisWatchTexts,
  { inspect, clock, logger, refuse, signal }: RedisWatchDependencies,
): RedisWatch {
  const mayLogFailure = createLineLimit(failureLinesPerSecondMax);
  const listeners: (() => void)[] = [];
  let connection: Connection | undefined;
  let isKnown = false;
  let warned = '';
  let isMissed = false;

  function changed(): void {
    for (const listener of listeners) listener();
  }

  /** Answers why it must not be used. */
  function judge({ version, problems }: InspectedRedis): readonly string[] {
    const warnings = textsOf(problems, 'warn').join('; ');
    if (warnings !== warned && warnings !== '') logger.warn({ version, warnings }, 'about Redis');
    warned = warnings;
    return textsOf(problems, 'refuse');
  }

  async function inspectFirst(): Promise<'known' | 'away'> {
    try {
      const reasons = judge(await inspect());
      if (reasons.length > 0) throw refusalOf(reasons);
      return 'known';
    } catch (cause) {
      // That it is away is told by who goes on trying to connect.
      if (hasCode(cause, 'TIER_UNAVAILABLE')) return 'away';
      throw startupErrorOf('queue', cause);
    }
  }

  async function inspectUntilKnown(own: Connection): Promise<void> {
    const gone = own.gone.signal;
    for (let questions = 0; !gone.aborted && !signal.aborted; questions += 1) {
      try {
        const reasons = judge(await inspect());
        if (reasons.length > 0) return refuse(refusalOf(reasons), reasons);
        own.isInspected = true;
        return changed();
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
        isKnown = (await Promise.race([asking, clock.sleep(startMsMax, over.signal)])) === 'known';
      } finally {
        over.abort();
      }
    },

    report: {
      connected() {
        // Whoever was told that it is away is told that it is back.
        logger[isMissed ? 'warn' : 'info']({}, texts.connected);
        isMissed = false;
        connection?.gone.abort();
        connection = { isInspected: isKnown, gone: new AbortController() };
        isKnown = false;
        changed();
        if (!connection.isInspected) void inspectUntilKnown(connection);
      },
      disconnected(cause) {
        if (signal.aborted) return;
        isMissed = true;
        isKnown = false;
        logger.warn({ cause }, texts.disconnected);
        connection?.gone.abort();
        connection = undefined;
        changed();
      },
      failed(what, cause) {
        const unsaid = mayLogFailure();
        if (unsaid === undefined) return;
        const more = unsaid > 0 ? { unsaid } : {};
        logger.warn({ what, cause, ...more }, texts.failed);
      },
    },

    problem() {
      if (connection === undefined) return 'Redis cannot be reached';
      return connection.isInspected ? undefined : 'Redis has not told how it is configured';
    },

    onChange: (listener) => void listeners.push(listener),
  };
}

function refusalOf(reasons: readonly string[]): StartupError {
  return new StartupError(reasons.map((reason) => `queue.url: ${reason}`).join('\n'));
}

function textsOf(
  problems: InspectedRedis['problems'],
  wanted: InspectedRedisProblem['severity'],
): readonly string[] {
  return problems.filter(({ severity }) => severity === wanted).map(({ text }) => text);
}
