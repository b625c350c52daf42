import type { Clock, Timestamp } from '@holdfast/domain';
import type { Metrics } from '@holdfast/service-kit';
import type { MaintenanceStore } from './store/maintenance-store.js';

/** What was counted last. */
export interface CountedOrphanBytes {
  /** By usecase; under '' those of usecases that are too many to be named. */
  readonly bytes: ReadonlyMap<string, bigint>;
  readonly time: Date;
}

/** Bytes that are on disk and that nothing refers to, by usecase: what cleanup has still to free. */
export interface OrphanBytes {
  /** `undefined` until they have been counted for the first time. */
  latest(): CountedOrphanBytes | undefined;
  /**
   * Counts anew. Who asks while that goes on gets the same count, and so does who asks within a second
   * of its end, or within four times as long as it took. Rejects when the store does not say, and with
   * the reason of `signal` when that aborts.
   */
  refresh(signal: AbortSignal): Promise<void>;
}

export interface OrphanBytesDependencies {
  readonly store: Pick<MaintenanceStore, 'describeUnreferenced'>;
  readonly metrics: Metrics;
  readonly clock: Clock;
}

/** However many ask, a store that counts slowly has the most of its time for other things. */
const restsPerCount = 4;
const restMsMin = 1_000;
/** Where a clock that was set makes a count look long. */
const restMsMax = 300_000;

/**
 * Nothing is added up here while jobs come and go: what is on the change log is counted by who keeps it.
 * So the count is right after the loss of this process and of the queue, too.
 */
export function createOrphanBytes({ store, metrics, clock }: OrphanBytesDependencies): OrphanBytes {
  const gauge = metrics.gauge(
    'orphan_bytes',
    'Bytes on disk that nothing refers to any more, by usecase; none for those too many to name',
    ['usecase'],
  );
  let latest: CountedOrphanBytes | undefined;
  let changes = Number.NaN;
  let uncounted = Number.NaN;
  let counting: Promise<void> | undefined;
  let startedAt = clock.now();
  /** Missing while a count goes on. */
  let endedAt: Timestamp | undefined;
  metrics.gauge('changes_pending', 'Changes on the change log', () => changes);
  metrics.gauge(
    'orphan_blobs_uncounted',
    'Blobs that orphan_bytes are without, since they or their rows cannot be read',
    () => uncounted,
  );
  metrics.gauge('orphan_bytes_age_seconds', 'How old orphan_bytes and changes_pending are', () => {
    return latest === undefined ? Number.NaN : (clock.now() - latest.time.getTime()) / 1_000;
  });

  async function count(): Promise<void> {
    const { usage, pendingChanges, uncountedBlobs, time } = await store.describeUnreferenced({});
    const unreferenced = usage.filter(({ unreferencedBytes }) => unreferencedBytes > 0n);
    const bytes = new Map(unreferenced.map((one) => [one.usecase, one.unreferencedBytes]));
    latest = { bytes, time: time ?? new Date(clock.now()) };
    gauge.clear();
    for (const [usecase, amount] of bytes) gauge.labels(usecase).set(Number(amount));
    changes = Number(pendingChanges);
    uncounted = Number(uncountedBlobs ?? Number.NaN);
  }

  function isResting(): boolean {
    if (endedAt === undefined) return true;
    const restMs = Math.max(restMsMin, restsPerCount * (endedAt - startedAt));
    const restedMs = clock.now() - endedAt;
    // Less than none after the clock was put back: no reason to wait until it is there again.
    return restedMs >= 0 && restedMs < Math.min(restMs, restMsMax);
  }

  function start(): Promise<void> {
    startedAt = clock.now();
    endedAt = undefined;
    return count().finally(() => {
      endedAt = clock.now();
    });
  }

  return {
    latest: () => latest,
    async refresh(signal) {
      signal.throwIfAborted();
      if (counting === undefined || !isResting()) counting = start();
      return patiently(counting, signal);
    },
  };
}

/** What `waited` comes to, unless `signal`, which has not aborted, does so before. */
function patiently(waited: Promise<void>, signal: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    const leave = (): void => reject(signal.reason);
    signal.addEventListener('abort', leave);
    const stay = (): void => signal.removeEventListener('abort', leave);
    void waited.then(resolve, reject).finally(stay);
  });
}
