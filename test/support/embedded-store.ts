import type { Clock, EngineOptions } from '@holdfast/domain';
import type { StorageSettings } from '@holdfast/storage';
import { join } from 'node:path';
import { openEngineStore, type EngineStore } from './engine-store.js';
import { storageSettingsOf } from './storage-settings.js';

/** The engine on LMDB and the file system, as one process runs it. */
export function openEmbeddedStore(
  directory: string,
  clock?: Clock,
  options?: Partial<EngineOptions>,
): Promise<EngineStore> {
  return openEngineStore(embeddedStorage(directory), clock, options);
}

export function embeddedStorage(directory: string): StorageSettings {
  return storageSettingsOf({
    highVolume: { kind: 'lmdb', directory: join(directory, 'rows') },
    longTerm: { kind: 'filesystem', directory: join(directory, 'blobs') },
  });
}
