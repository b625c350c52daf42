import type { Clock } from '@holdfast/domain';
import { nativeChecksum as checksum } from '@holdfast/service-kit';
import { openStorage, type Storage, type StorageSettings } from '@holdfast/storage';
import type { BigtableOptions } from '@holdfast/tier-bigtable';
import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { requireBigtableEmulator } from './bigtable-emulator.js';
import { makeBigtableTable, makeUncollectedTable } from './bigtable-table.js';
import { thresholdBytes } from './engine/payloads.js';
import { startGcsServer, type GcsServer } from './gcs/gcs-server.js';
import { storageSettingsOf } from './storage-settings.js';

/** Bigtable and Cloud Storage for the tests of a suite. */
export interface Cloud {
  server(): GcsServer;
  /** An empty table and an empty bucket, for the real time. */
  makeStorage(choices?: CloudChoices): Promise<CloudPlace>;
  /** Opens empty tiers, for whatever time it is in a test. */
  openTiers(clock: Clock): Promise<Storage>;
}

export interface CloudChoices {
  /** The way to the emulator, if it is not the straight one. */
  readonly emulatorHost?: string;
  /** As little as there can be if not given, so that uploads need several requests. */
  readonly chunkSize?: string;
}

export interface CloudPlace {
  /** For a store of one connection. */
  readonly settings: StorageSettings;
  readonly bucket: string;
}

/**
 * The server of Cloud Storage is one for all tests of the enclosing suite, and the emulator of
 * Bigtable one for the process. Where there is no emulator, the tests are pending.
 */
export function useCloud(): Cloud {
  let running: GcsServer | undefined;
  before(async function () {
    requireBigtableEmulator(this);
    running = await startGcsServer();
  });
  after(() => running?.close());

  function server(): GcsServer {
    assert(running !== undefined, 'the tests of the suite are running');
    return running;
  }

  return {
    server,
    makeStorage: async (choices) => placeOn(await makeBigtableTable(), server(), choices),
    async openTiers(clock) {
      const { settings } = placeOn(await makeUncollectedTable(), server());
      return openStorage(settings, { inlineThresholdBytes: thresholdBytes }, { clock, checksum });
    },
  };
}

function placeOn(
  table: BigtableOptions,
  server: GcsServer,
  { emulatorHost, chunkSize = '256 KiB' }: CloudChoices = {},
): CloudPlace {
  const bucket = `b-${randomUUID()}`;
  server.createBucket(bucket);
  const settings = storageSettingsOf({
    highVolume: {
      kind: 'bigtable',
      project: table.projectId ?? '',
      instance: table.instanceId,
      table: table.tableId,
      emulatorHost: emulatorHost ?? table.emulatorHost,
      channels: 1,
    },
    longTerm: { kind: 'gcs', bucket, apiEndpoint: server.apiEndpoint, chunkSize },
  });
  return { settings, bucket };
}
