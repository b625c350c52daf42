import { createCleanupBed, type BedOptions, type CleanupBed } from './cleanup-bed.js';
import { hastyWorker } from './cleanup-settings.js';
import type { ClusterService } from './cluster-service.js';
import { openSweepClient, type SweepClient } from './sweep-client.js';
import { quietSweeper, storeWithoutDuties } from './sweep-settings.js';

/** A cluster with sweepers, which run nothing unless they are asked, and those who talk to it. */
export interface SweepBed extends CleanupBed {
  /** The first of the sweepers. */
  readonly sweeper: ClusterService;
  /** Asks the first of the sweepers. */
  readonly sweeps: SweepClient;
  sweepsOf(sweeper: number): SweepClient;
}

export interface SweepBedOptions extends BedOptions {
  /** How long one run may take. */
  readonly runMsMax?: number;
}

/** Nothing but Redis is started. */
export async function createSweepBed(options: SweepBedOptions = {}): Promise<SweepBed> {
  const bed = await createCleanupBed({
    ...options,
    tieredStore: { ...storeWithoutDuties, ...options.tieredStore },
    worker: { ...hastyWorker, ...options.worker },
    sweeper: { ...quietSweeper, ...options.sweeper },
  });
  const [sweeper] = bed.sweepers;
  if (sweeper === undefined) throw new Error('a cluster for sweeps has a sweeper');
  const clients = bed.sweepers.map(({ address }) => openSweepClient(address, options.runMsMax));
  const sweepsOf = (index: number): SweepClient => {
    const client = clients[index];
    if (client === undefined) throw new Error(`there is no sweeper ${index}`);
    return client;
  };
  return {
    ...bed,
    sweeper,
    sweeps: sweepsOf(0),
    sweepsOf,
    async close() {
      for (const client of clients) client.close();
      await bed.close();
    },
  };
}

export async function startSweepBed(options: SweepBedOptions = {}): Promise<SweepBed> {
  const bed = await createSweepBed(options);
  try {
    await startAll(bed);
    return bed;
  } catch (error) {
    await bed.close();
    throw error;
  }
}

/** Everything that does not run yet. */
export async function startAll(bed: SweepBed): Promise<void> {
  const services = [bed.tieredStore, bed.gateway, ...bed.workers, ...bed.sweepers];
  await Promise.all(services.filter((one) => !one.isRunning()).map((one) => one.start()));
}
