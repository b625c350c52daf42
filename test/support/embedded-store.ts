import {
  createEngine,
  type Clock,
  type EngineDependencies,
  type EngineEvent,
  type EngineOptions,
  type StorageEngine,
} from '@holdfast/domain';
import { createRevisionIds, nativeChecksum, systemClock } from '@holdfast/service-kit';
import { createFilesystemTier, type FilesystemTier } from '@holdfast/tier-filesystem';
import { openLmdbStore } from '@holdfast/tier-lmdb';
import { join } from 'node:path';

/** The engine on LMDB and the file system, as one process runs it. */
export interface EmbeddedStore {
  readonly engine: StorageEngine;
  readonly dependencies: EngineDependencies;
  readonly blobs: FilesystemTier;
  /** What the engine reported and nobody asked about. */
  readonly events: readonly EngineEvent[];
  close(): Promise<void>;
}

const drainMsMax = 30_000;

/** Nobody works off the queue: cleanup is what the change log and the sweeps find. */
const noQueue = { enqueue: async () => undefined };

export async function openEmbeddedStore(
  directory: string,
  clock: Clock = systemClock,
  options: Partial<EngineOptions> = {},
): Promise<EmbeddedStore> {
  const checksum = nativeChecksum;
  const events: EngineEvent[] = [];
  const store = await openLmdbStore({ directory: join(directory, 'rows') }, { clock });
  const root = join(directory, 'blobs');
  const blobs = await createFilesystemTier({ root }, { clock, checksum });
  const dependencies: EngineDependencies = {
    highVolume: store.highVolumeTier,
    changeLog: store.changeLog,
    longTerm: blobs,
    cleanupQueue: noQueue,
    clock,
    ids: createRevisionIds(clock),
    checksum,
    observer: { report: (event) => events.push(event) },
  };
  const engine = createEngine(options, dependencies);
  return {
    engine,
    dependencies,
    blobs,
    events,
    async close() {
      await engine.close(drainMsMax);
      await store.close();
    },
  };
}
