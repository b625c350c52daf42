import { openLmdbStore } from '@holdfast/tier-lmdb';
import type { HighVolumeSettings } from '../settings/high-volume-settings.js';
import type { Storage, StorageDependencies } from './storage.js';
import { bigtableOptions } from './tier-options.js';

export type HighVolumePart = Pick<Storage, 'highVolume' | 'changeLog' | 'close'>;

/** The libraries of the cloud are loaded where they are needed: they are large, and slow to load. */
export async function openHighVolume(
  settings: HighVolumeSettings,
  { clock }: StorageDependencies,
): Promise<HighVolumePart> {
  switch (settings.kind) {
    case 'lmdb': {
      const { directory, sizeMax: sizeBytesMax } = settings;
      const store = await openLmdbStore({ directory, sizeBytesMax }, { clock });
      return partOf(store);
    }
    case 'bigtable': {
      const { openBigtableStore } = await import('@holdfast/tier-bigtable');
      const store = await openBigtableStore(bigtableOptions(settings), { clock });
      return partOf(store);
    }
    case 'memory': {
      const memory = await import('@holdfast/testkit');
      return {
        highVolume: memory.createMemoryHighVolumeTier({ clock }),
        changeLog: memory.createMemoryChangeLog(),
        close: () => Promise.resolve(),
      };
    }
  }
}

interface OpenedStore {
  readonly highVolumeTier: Storage['highVolume'];
  readonly changeLog: Storage['changeLog'];
  close(): Promise<void>;
}

function partOf(store: OpenedStore): HighVolumePart {
  const { highVolumeTier, changeLog } = store;
  return { highVolume: highVolumeTier, changeLog, close: () => store.close() };
}
