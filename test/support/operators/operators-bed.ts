import { cleanup } from '@holdfast/contracts';
import { blobNameOf, parseObjectId, type BlobName, type DeadLetter } from '@holdfast/domain';
import { createManualClock, type ManualClock } from '@holdfast/testkit';
import type { Metrics } from '@holdfast/service-kit';
import type { OperatorDependencies } from '../../../services/cleanup-worker/src/operators/dependencies.js';
import { createListener, testMetrics, type LogLine } from '../../unit/tiered-store/quiet.js';
import { createFakeQueues, type FakeQueues } from './fake-queues.js';
import { createFakeStore, revisionNumber, type FakeStore } from './fake-store.js';

/** What the CleanupService is built on, without Redis and without a store. */
export interface OperatorsBed {
  readonly dependencies: OperatorDependencies;
  readonly queues: FakeQueues;
  readonly store: FakeStore;
  readonly clock: ManualClock;
  readonly metrics: Metrics;
  readonly lines: readonly LogLine[];
  /** Lines of the audit log. */
  audit(): readonly LogLine[];
  readonly breaker: { state: 'closed' | 'open' | 'half-open'; reason: string | undefined };
  readonly orphanBytes: FakeOrphanBytes;
  /** A dead letter of a change that is on the log. */
  addChangeLetter(usecase?: string, more?: Partial<DeadLetter>): DeadLetter;
  /** A dead letter of an orphan of so many bytes. */
  addBlobLetter(usecase?: string, bytes?: bigint): DeadLetter;
}

export interface FakeOrphanBytes {
  counted: { readonly bytes: ReadonlyMap<string, bigint>; readonly time: Date } | undefined;
  refresh: (signal: AbortSignal) => Promise<void>;
}

export function createOperatorsBed(): OperatorsBed {
  const queues = createFakeQueues();
  const store = createFakeStore();
  const clock = createManualClock();
  const metrics = testMetrics();
  const { logger, lines } = createListener();
  const breaker: OperatorsBed['breaker'] = { state: 'closed', reason: undefined };
  const orphanBytes: FakeOrphanBytes = { counted: undefined, refresh: async () => undefined };
  let blobs = 0;
  return {
    queues,
    store,
    clock,
    metrics,
    lines,
    breaker,
    orphanBytes,
    audit: () => lines.filter((line) => line['audit'] === true),
    dependencies: {
      queues,
      store: store.store,
      clock,
      metrics,
      logger,
      breaker: { state: () => breaker.state, reason: () => breaker.reason },
      orphanBytes: {
        latest: () => orphanBytes.counted,
        refresh: (signal) => orphanBytes.refresh(signal),
      },
    },
    addChangeLetter(usecase = 'photos', more = {}) {
      const changeId = store.addChange(usecase);
      return queues.add({ job: { kind: 'settle-change', changeId }, ...more });
    },
    addBlobLetter(usecase = 'photos', bytes = 500n) {
      blobs += 1;
      const blob = orphanName(usecase, blobs);
      store.orphans.set(blob, bytes);
      return queues.add({ job: { kind: 'reclaim-blob', blob } });
    },
  };
}

function orphanName(usecase: string, number: number): BlobName {
  const id = parseObjectId({ usecase, scopes: [], key: `orphan-${number}` });
  return blobNameOf(id, revisionNumber(0x10_000 + number));
}

export function selectIds(...ids: readonly string[]): cleanup.DeadLetterSelection {
  return { selection: { $case: 'ids', value: { ids } } };
}

export function selectBy(
  filter: Partial<cleanup.DeadLetterFilter> = {},
): cleanup.DeadLetterSelection {
  return { selection: { $case: 'filter', value: filterOf(filter) } };
}

export function filterOf(filter: Partial<cleanup.DeadLetterFilter> = {}): cleanup.DeadLetterFilter {
  return cleanup.DeadLetterFilter.fromPartial(filter);
}
