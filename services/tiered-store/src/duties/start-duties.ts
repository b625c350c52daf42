/**
 * What the service does by itself, now and then, so that nothing unreferenced is left behind.
 *
 * | duty             | finds                                               | where                  |
 * | ---------------- | --------------------------------------------------- | ---------------------- |
 * | local-cleanup    | replaced payloads whose readers have had their time | in memory              |
 * | recover-changes  | changes whose writers are gone                      | on the change log      |
 * | expire-objects   | rows whose objects have expired                     | among all rows         |
 * | reclaim-orphans  | payloads that nothing names                         | among all payloads     |
 * | remove-abandoned | what broken uploads left                            | among temporary files  |
 *
 * None delays the start of the service, and each run ends after a bounded time. A sweep goes on where
 * its last run ended; remove-abandoned begins anew, since what it has removed is not there any more.
 */
import type { ChangeId, Clock, StorageEngine, StoragePath } from '@holdfast/domain';
import { runEvery, type BackgroundLoop, type Logger, type Metrics } from '@holdfast/service-kit';
import type { LocalCleanup } from '../local-cleanup.js';
import type { Storage } from '../storage/storage.js';
import { createDutyReport, type DutyReport } from './duty-report.js';
import { sweepAll } from './sweep.js';

export interface DutiesOptions {
  readonly cleanupCheckMs: number;
  readonly recoverEveryMs: number;
  readonly expireEveryMs: number;
  readonly reclaimEveryMs: number;
  readonly removeAbandonedEveryMs: number;
  readonly runMsMax: number;
}

export interface DutiesDependencies {
  readonly engine: StorageEngine;
  readonly storage: Storage;
  readonly cleanup: LocalCleanup;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly metrics: Metrics;
}

export interface Duties {
  /** Begins no run any more, and resolves when none is under way. */
  stop(): Promise<void>;
}

/** Entries that one call of the engine looks at. */
const examinedMax = 500;
/** What an upload has not written to for so long is abandoned: the upload itself stalls far earlier. */
const abandonedMsMin = 3_600_000;
const abandonedExaminedMax = 100_000;

interface Duty {
  readonly everyMs: number;
  readonly atStart: boolean;
  readonly run: (report: DutyReport) => (signal: AbortSignal) => Promise<void>;
}

export function startDuties(options: DutiesOptions, dependencies: DutiesDependencies): Duties {
  const { cleanup, engine, clock, logger, metrics } = dependencies;
  const { runMsMax } = options;
  const loops = Object.entries(dutiesOf(options, dependencies)).map(([name, duty]) => {
    const report = createDutyReport(name, { metrics, logger });
    const { everyMs, atStart } = duty;
    const times = { name, everyMs, atStart, runMsMax };
    return runEvery(times, duty.run(report), { clock, logger, metrics });
  });
  const cleaning = runEvery(
    { name: 'local-cleanup', everyMs: options.cleanupCheckMs, runMsMax },
    (signal) => cleanup.work(engine, signal),
    { clock, logger },
  );
  return { stop: () => stopAll([cleaning, ...loops]) };
}

async function stopAll(loops: readonly BackgroundLoop[]): Promise<void> {
  await Promise.all(loops.map((loop) => loop.stop()));
}

function dutiesOf(
  options: DutiesOptions,
  { engine, storage }: DutiesDependencies,
): Readonly<Record<string, Duty>> {
  return {
    'recover-changes': {
      everyMs: options.recoverEveryMs,
      atStart: true,
      run: (report) =>
        sweepAll(async (after: ChangeId | undefined, signal) => {
          const swept = await engine.recoverChanges({ after, examinedMax, signal });
          return { swept, removed: swept.settled };
        }, report),
    },
    'expire-objects': {
      everyMs: options.expireEveryMs,
      atStart: false,
      run: (report) =>
        sweepAll(async (after: StoragePath | undefined, signal) => {
          const swept = await engine.expireObjects({ after, examinedMax, signal });
          return { swept, removed: swept.expired };
        }, report),
    },
    'reclaim-orphans': {
      everyMs: options.reclaimEveryMs,
      atStart: false,
      run: (report) =>
        sweepAll(async (cursor: string | undefined, signal) => {
          const swept = await engine.reclaimOrphans({ cursor, examinedMax, signal });
          return { swept, removed: swept.freed.length };
        }, report),
    },
    'remove-abandoned': {
      everyMs: options.removeAbandonedEveryMs,
      atStart: true,
      run: (report) => (signal) => removeAbandoned(storage, report, signal),
    },
  };
}

async function removeAbandoned(
  storage: Storage,
  report: DutyReport,
  signal: AbortSignal,
): Promise<void> {
  const query = { olderThanMs: abandonedMsMin, examinedMax: abandonedExaminedMax, signal };
  const { removed, removedBytes } = await storage.removeAbandoned(query);
  report.add({ removed, freedBytes: removedBytes, failed: [], undecided: 0 });
  report.end();
}
