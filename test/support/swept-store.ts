import {
  createSweepDuties,
  type CleanupJob,
  type CleanupProducer,
  type RunSweepOptions,
  type SweepReport,
  type SweepRequest,
  type SweptStore,
} from '@holdfast/domain';
import {
  createMemoryCleanupQueue,
  memoryCleanupQueueDefaults,
  sweptStoreOf,
  withHooks,
  type HookedPort,
  type MemoryCleanupQueue,
} from '@holdfast/testkit';
import {
  useStore,
  type OpenTiers,
  type StoreUnderTest,
  type Tiers,
} from './engine/store-under-test.js';
import { openMemoryTiers, type MemoryTiers } from './memory-tiers.js';
import { createSweepBed } from './sweep-run-bed.js';

/** A real engine with something to sweep in its tiers, and the sweeper's side of things. */
export interface SweptStoreBed<Opened extends Tiers = Tiers> {
  readonly store: StoreUnderTest<Opened>;
  readonly swept: HookedPort<SweptStore>;
  readonly queue: MemoryCleanupQueue;
  readonly producer: HookedPort<CleanupProducer>;
  /** What sweeps have put on the queue. */
  readonly enqueued: readonly CleanupJob[];
  readonly skewed: readonly number[];
  sweep(request: Partial<SweepRequest>, how?: Partial<RunSweepOptions>): Promise<SweepReport>;
}

/** Opens one for each test of the enclosing suite. Jobs that the engine itself enqueues are lost. */
export function useSweptStore(): () => SweptStoreBed<MemoryTiers> {
  return useSweptStoreOn(openMemoryTiers);
}

export function useSweptStoreOn<Opened extends Tiers>(
  openTiers: OpenTiers<Opened>,
): () => SweptStoreBed<Opened> {
  const store = useStore(openTiers);
  let current: SweptStoreBed<Opened> | undefined;
  return () => (current = current?.store === store() ? current : openBed(store()));
}

function openBed<Opened extends Tiers>(store: StoreUnderTest<Opened>): SweptStoreBed<Opened> {
  const { clock } = store;
  const bed = createSweepBed(clock);
  const queue = createMemoryCleanupQueue(memoryCleanupQueueDefaults, { clock, random: () => 0 });
  const producer = withHooks<CleanupProducer>(queue);
  const swept = withHooks<SweptStore>(sweptStoreOf(store.anotherEngine(), { clock }));
  const enqueued: CleanupJob[] = [];
  producer.hook('enqueue', { before: (job) => void enqueued.push(job) });
  const parts = { store: swept.port, producer: producer.port, jobs: queue, clock };
  const duties = createSweepDuties({}, parts);
  return {
    store,
    swept,
    queue,
    producer,
    enqueued,
    skewed: bed.skewed,
    sweep: (request, how) => bed.report(request, duties, how),
  };
}
