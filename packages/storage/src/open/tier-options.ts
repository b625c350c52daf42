import type { BigtableOptions } from '@holdfast/tier-bigtable';
import type { GcsOptions } from '@holdfast/tier-gcs';
import type { BigtableSettings } from '../settings/high-volume-settings.js';
import type { GcsSettings } from '../settings/long-term-settings.js';

/* From the words of the settings to those of the tiers. */

export function bigtableOptions(settings: BigtableSettings): BigtableOptions {
  const { project, instance, table, appProfile, emulatorHost } = settings;
  const { channels, callMsMax, attemptMsMax, attemptsMax } = settings;
  return {
    projectId: project,
    instanceId: instance,
    tableId: table,
    appProfileId: appProfile,
    emulatorHost,
    connections: channels,
    callMsMax,
    attemptMsMax,
    attemptsMax,
  };
}

export function gcsOptions(settings: GcsSettings): GcsOptions {
  const { bucket, project, apiEndpoint, chunkSize } = settings;
  const { uploadBufferMax, uploadsMax, requestsMax } = settings;
  const { callMsMax, attemptMsMax, attemptsMax, stallMsMax } = settings;
  return {
    bucket,
    projectId: project,
    apiEndpoint,
    chunkBytes: chunkSize,
    bufferBytesMax: uploadBufferMax,
    uploadsMax,
    requestsMax,
    callMsMax,
    attemptMsMax,
    attemptsMax,
    stallMsMax,
  };
}
