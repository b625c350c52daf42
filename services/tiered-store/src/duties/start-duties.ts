/**
 * What the service does by itself, now and then, so that nothing unreferenced is left behind.
 *
 * | duty             | finds                                               | where                  |
 * | ---------------- | --------------------------------------------------- | ---------------------- |
 * | local-cleanup    | replaced payloads whose readers have had their time | in memory              |
 * | recover-changes  | changes whose writers are gone, or whose jobs are   | on the change log      |
 * | expire-objects   | rows whose objects have expired                     | among all rows         |
 * | reclaim-orphans  | payloads that nothing names                         | among all payloads     |
 * | remove-abandoned | what broken uploads left                            | among temporary files  |
 *
 * Where cleanup is queued there is no local-cleanup, and recover-changes puts on the queue what it finds:
 * the workers settle it, at the pace and with the retries and dead letters of all other cleanup.
 *
 * None delays the start of the service, and each run ends after a bounded time. A sweep goes on where
 * its last run ended; remove-abandoned begins anew, since what it has removed is not there any more.
 */
import type { ChangeId, Clock, StorageEngine, StoragePath } from '@holdfast/domain';
import { runEvery, type BackgroundLoop, type Logger, type Metrics } from '@holdfast/service-kit';
import type { Storage } from '@holdfast/storage';
import type { LocalCleanup } from '../local-cleanup.js';
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
  /** Missing: cleanup is queued. */
  readonly localCleanup: LocalCleanup | undefined;
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
/**
 * Calls of one run that offers changes. As long as workers are away each run offers the same ones, which
 * is work for the queue; so it offers 50,000 of them, and the next run the next.
 */
const offeringCallsMax = 100;
/** What an upload has not written to for so long is abandoned: the upload itself stalls far earlier. */
const abandonedMsMin = 3_600_000;
const abandonedExaminedMax = 100_000;

type DutyRun = (signal: AbortSignal) => Promise<void>;

interface Duty {
  readonly everyMs: number;
  readonly atStart: boolean;
  readonly run: (report: DutyReport) => DutyRun;
}

export function startDuties(options: DutiesOptions, dependencies: DutiesDependencies): Duties {
  const { localCleanup, engine, clock, logger, metrics } = dependencies;
  const { runMsMax } = options;
  const loops = Object.entries(dutiesOf(options, dependencies)).map(([name, duty]) => {
    const report = createDutyReport(name, { metrics, logger });
    const { everyMs, atStart } = duty;
    const times = { name, everyMs, atStart, runMsMax };
    return runEvery(times, duty.run(report), { clock, logger, metrics });
  });
  if (localCleanup !== undefined) {
    const times = { name: 'local-cleanup', everyMs: options.cleanupCheckMs, runMsMax };
    const work = (signal: AbortSignal) => localCleanup.work(engine, signal);
    loops.push(runEvery(times, work, { clock, logger }));
  }
  return { stop: () => stopAll(loops) };
}

async function stopAll(loops: readonly BackgroundLoop[]): Promise<void> {
  await Promise.all(loops.map((loop) => loop.stop()));
}

function dutiesOf(
  options: DutiesOptions,
  { engine, storage, localCleanup }: DutiesDependencies,
): Readonly<Record<string, Duty>> {
  return {
    'recover-changes': {
      everyMs: options.recoverEveryMs,
      atStart: true,
      run: (report) =>
        localCleanup === undefined ? offerChanges(engine, report) : settleChanges(engine, report),
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

function settleChanges(engine: StorageEngine, report: DutyReport): DutyRun {
  return sweepAll(async (after: ChangeId | undefined, signal) => {
    const swept = await engine.recoverChanges({ after, examinedMax, signal });
    return { swept, removed: swept.settled };
  }, report);
}

function offerChanges(engine: StorageEngine, report: DutyReport): DutyRun {
  return sweepAll(
    async (after: ChangeId | undefined, signal) => {
      const swept = await engine.offerChanges({ after, examinedMax, signal });
      return { swept, removed: 0, offered: swept.offered };
    },
    report,
    offeringCallsMax,
  );
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
