import { createFilesystemTier } from '@holdfast/tier-filesystem';
import type { LongTermSettings } from '../settings/long-term-settings.js';
import { createNoLongTermTier } from './no-long-term-tier.js';
import type { Storage, StorageDependencies, StorageOptions } from './storage.js';
import { gcsOptions } from './tier-options.js';

export type LongTermPart = Pick<Storage, 'longTerm' | 'removeAbandoned' | 'close'>;

/** Only a file system keeps what an upload that died has left. */
const removeAbandoned: Storage['removeAbandoned'] = () =>
  Promise.resolve({ examined: 0, removed: 0, removedBytes: 0 });

const close = (): Promise<void> => Promise.resolve();

/** That of the cloud is loaded where it is needed. */
export async function openLongTerm(
  settings: LongTermSettings,
  { inlineThresholdBytes: bytesMax }: StorageOptions,
  dependencies: StorageDependencies,
): Promise<LongTermPart> {
  switch (settings.kind) {
    case 'filesystem': {
      const tier = await createFilesystemTier({ root: settings.directory }, dependencies);
      return { longTerm: tier, removeAbandoned: (query) => tier.removeAbandoned(query), close };
    }
    case 'gcs': {
      const { createGcsTier } = await import('@holdfast/tier-gcs');
      const tier = createGcsTier(gcsOptions(settings), dependencies);
      return { longTerm: tier, removeAbandoned, close: async () => tier.close() };
    }
    case 'memory': {
      const memory = await import('@holdfast/testkit');
      return { longTerm: memory.createMemoryLongTermTier(dependencies), removeAbandoned, close };
    }
    case 'none':
      return { longTerm: createNoLongTermTier({ bytesMax }), removeAbandoned, close };
  }
}
