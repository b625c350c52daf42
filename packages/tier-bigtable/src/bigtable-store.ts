import type { ChangeLog, Clock, HighVolumeTier } from '@holdfast/domain';
import { createBigtableChangeLog } from './change-log.js';
import { createBigtableHighVolumeTier } from './high-volume-tier.js';
import { resolveBigtableOptions, type BigtableOptions } from './options.js';
import { openTransport } from './transport.js';

/** Rows and change log in one table, which any number of processes may use at once. */
export interface BigtableStore {
  readonly highVolumeTier: HighVolumeTier;
  readonly changeLog: ChangeLog;
  /** Takes no more calls. What is on its way may fail, and then its outcome is not known. */
  close(): Promise<void>;
}

export interface BigtableStoreDependencies {
  readonly clock: Clock;
  /** From 0 up to 1, for the pauses between attempts. */
  readonly random?: (() => number) | undefined;
}

/**
 * Opens a table that exists; whether it does shows with the first call. Connections are made when
 * there is work for them.
 */
export async function openBigtableStore(
  options: BigtableOptions,
  { clock, random = Math.random }: BigtableStoreDependencies,
): Promise<BigtableStore> {
  const transport = await openTransport(resolveBigtableOptions(options), random);
  return {
    highVolumeTier: createBigtableHighVolumeTier({ clock, transport }),
    changeLog: createBigtableChangeLog(transport),
    close: async () => transport.close(),
  };
}
