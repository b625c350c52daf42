import {
  createEngine,
  type Clock,
  type EngineDependencies,
  type EngineEvent,
  type EngineOptions,
  type StorageEngine,
} from '@holdfast/domain';
import { createRevisionIds, nativeChecksum as checksum, systemClock } from '@holdfast/service-kit';
import { openStorage, type Storage, type StorageSettings } from '@holdfast/storage';

/** The engine on the storage that settings name, as one process runs it. */
export interface EngineStore {
  readonly engine: StorageEngine;
  readonly dependencies: EngineDependencies;
  readonly storage: Storage;
  /** What the engine reported and nobody asked about. */
  readonly events: readonly EngineEvent[];
  close(): Promise<void>;
}

const drainMsMax = 30_000;
const inlineThresholdBytes = 1024 * 1024;

/** Nobody works off the queue: cleanup is what the change log and the sweeps find. */
const noQueue = { enqueue: async () => undefined };

export async function openEngineStore(
  settings: StorageSettings,
  clock: Clock = systemClock,
  options: Partial<EngineOptions> = {},
): Promise<EngineStore> {
  const events: EngineEvent[] = [];
  const storage = await openStorage(settings, { inlineThresholdBytes }, { clock, checksum });
  const dependencies: EngineDependencies = {
    highVolume: storage.highVolume,
    changeLog: storage.changeLog,
    longTerm: storage.longTerm,
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
    storage,
    events,
    async close() {
      await engine.close(drainMsMax);
      await storage.close();
    },
  };
}
