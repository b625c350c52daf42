import { DomainError } from '@holdfast/domain';
import { StartupError } from '@holdfast/service-kit';
import type { HighVolumeSettings } from '../settings/high-volume-settings.js';
import type { LongTermSettings } from '../settings/long-term-settings.js';
import { storageWarnings, type StorageSettings } from '../settings/storage-settings.js';
import { openHighVolume } from './open-high-volume.js';
import { openLongTerm } from './open-long-term.js';
import type { Storage, StorageDependencies, StorageOptions } from './storage.js';

/**
 * Opens what the settings name. Directories are made where there are none; a table and a bucket are made
 * by the bootstrap, and only looked for once they are used.
 */
export async function openStorage(
  settings: StorageSettings,
  options: StorageOptions,
  dependencies: StorageDependencies,
): Promise<Storage> {
  const { highVolume, longTerm } = settings;
  const rows = await opening(whereRowsAre(highVolume), () =>
    openHighVolume(highVolume, dependencies),
  );
  try {
    const blobs = await opening(whereBlobsAre(longTerm), () =>
      openLongTerm(longTerm, options, dependencies),
    );
    return {
      ...rows,
      ...blobs,
      kinds: { highVolume: highVolume.kind, longTerm: longTerm.kind },
      warnings: storageWarnings(settings),
      close: async () => {
        await blobs.close();
        await rows.close();
      },
    };
  } catch (error) {
    await rows.close();
    throw error;
  }
}

/** As errors call it: the setting, and what it says. */
function whereRowsAre(settings: HighVolumeSettings): string {
  switch (settings.kind) {
    case 'lmdb':
      return `storage.highVolume.directory ${settings.directory}`;
    case 'bigtable':
      return `storage.highVolume.table ${settings.table}`;
    case 'memory':
      return 'storage.highVolume';
  }
}

function whereBlobsAre(settings: LongTermSettings): string {
  switch (settings.kind) {
    case 'filesystem':
      return `storage.longTerm.directory ${settings.directory}`;
    case 'gcs':
      return `storage.longTerm.bucket ${settings.bucket}`;
    case 'memory':
    case 'none':
      return 'storage.longTerm';
  }
}

/** Whoever starts the service is told what it is about, and what is wrong with it. */
async function opening<Part>(where: string, open: () => Promise<Part>): Promise<Part> {
  try {
    return await open();
  } catch (cause) {
    if (!(cause instanceof DomainError)) throw cause;
    throw new StartupError(`${where} cannot be used: ${cause.message}`, { cause });
  }
}
