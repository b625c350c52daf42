import type { HighVolumeSettings } from '../settings/high-volume-settings.js';
import type { LongTermSettings } from '../settings/long-term-settings.js';
import type { StorageSettings } from '../settings/storage-settings.js';
import { openBucketResource } from './bucket.js';
import { directoryResource } from './directory.js';
import { join, nothing, type OpenedResources } from './opened-resources.js';
import { openTableResource } from './table.js';

/** What the tiers need around themselves. */
export async function openStorageResources({
  highVolume,
  longTerm,
}: StorageSettings): Promise<OpenedResources> {
  return join(await openHighVolumeResources(highVolume), await openLongTermResources(longTerm));
}

async function openHighVolumeResources(settings: HighVolumeSettings): Promise<OpenedResources> {
  switch (settings.kind) {
    case 'lmdb':
      return { ...nothing, resources: [directoryResource(settings.directory)] };
    case 'bigtable':
      return openTableResource(settings);
    case 'memory':
      return nothing;
  }
}

async function openLongTermResources(settings: LongTermSettings): Promise<OpenedResources> {
  switch (settings.kind) {
    case 'filesystem':
      return { ...nothing, resources: [directoryResource(settings.directory)] };
    case 'gcs':
      return openBucketResource(settings);
    case 'memory':
    case 'none':
      return nothing;
  }
}
