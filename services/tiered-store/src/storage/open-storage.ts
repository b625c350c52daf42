import { DomainError } from '@holdfast/domain';
import { StartupError } from '@holdfast/service-kit';
import { createFilesystemTier } from '@holdfast/tier-filesystem';
import { openLmdbStore } from '@holdfast/tier-lmdb';
import type { Storage, StorageDependencies, StorageSettings } from './storage.js';

type HighVolumePart = Pick<Storage, 'highVolume' | 'changeLog' | 'close'>;
type LongTermPart = Pick<Storage, 'longTerm' | 'removeAbandoned'>;

/** Nothing of what was in memory outlives its process. */
const nothingAbandoned = { examined: 0, removed: 0, removedBytes: 0 };

/** Opens what the settings name, and makes it first where there is none. */
export async function openStorage(
  settings: StorageSettings,
  dependencies: StorageDependencies,
): Promise<Storage> {
  const { highVolume, longTerm } = settings;
  const rows = await opening('highVolume', highVolume.directory, () =>
    openHighVolume(highVolume, dependencies),
  );
  try {
    const blobs = await opening('longTerm', longTerm.directory, () =>
      openLongTerm(longTerm, dependencies),
    );
    return {
      ...rows,
      ...blobs,
      kinds: { highVolume: highVolume.kind, longTerm: longTerm.kind },
      isVolatile: highVolume.kind === 'memory' || longTerm.kind === 'memory',
    };
  } catch (error) {
    await rows.close();
    throw error;
  }
}

async function openHighVolume(
  { kind, directory, sizeMax }: StorageSettings['highVolume'],
  { clock }: StorageDependencies,
): Promise<HighVolumePart> {
  switch (kind) {
    case 'lmdb': {
      const store = await openLmdbStore({ directory, sizeBytesMax: sizeMax }, { clock });
      const { highVolumeTier, changeLog } = store;
      return { highVolume: highVolumeTier, changeLog, close: () => store.close() };
    }
    case 'memory': {
      const memory = await import('@holdfast/testkit');
      const highVolume = memory.createMemoryHighVolumeTier({ clock });
      const changeLog = memory.createMemoryChangeLog();
      return { highVolume, changeLog, close: () => Promise.resolve() };
    }
  }
}

async function openLongTerm(
  { kind, directory }: StorageSettings['longTerm'],
  dependencies: StorageDependencies,
): Promise<LongTermPart> {
  switch (kind) {
    case 'filesystem': {
      const tier = await createFilesystemTier({ root: directory }, dependencies);
      return { longTerm: tier, removeAbandoned: (query) => tier.removeAbandoned(query) };
    }
    case 'memory': {
      const memory = await import('@holdfast/testkit');
      const longTerm = memory.createMemoryLongTermTier(dependencies);
      return { longTerm, removeAbandoned: () => Promise.resolve(nothingAbandoned) };
    }
  }
}

/** Whoever starts the service is told which directory it is about, and what is wrong with it. */
async function opening<Part>(
  tier: 'highVolume' | 'longTerm',
  directory: string,
  open: () => Promise<Part>,
): Promise<Part> {
  try {
    return await open();
  } catch (cause) {
    if (!(cause instanceof DomainError)) throw cause;
    const where = `storage.${tier}.directory ${directory}`;
    throw new StartupError(`${where} cannot be used: ${cause.message}`, { cause });
  }
}
