import type { LongTermTier } from '@holdfast/domain';
import { nativeChecksum as checksum, systemClock as clock } from '@holdfast/service-kit';
import { openStorage, type storageSettings } from '@holdfast/storage';
import { randomUUID } from 'node:crypto';
import { join } from 'node:path';
import type { z } from 'zod';
import { bigtableEmulator } from './bigtable-emulator.js';
import { openClusterBucket } from './cluster-bucket.js';
import { openBlobFolder } from './cluster-blob-folder.js';
import type { Settings } from './cluster-service.js';
import { storageSettingsOf } from './storage-settings.js';

/** What the store of a cluster is made of. The environment names it for clusters that do not care. */
export type StorageName = 'embedded' | 'bigtable+gcs' | 'lmdb+gcs' | 'bigtable+filesystem';

type GivenSettings = z.input<typeof storageSettings>;
type HighVolumeSettings = NonNullable<GivenSettings['highVolume']>;

/** Where the payloads are that are too large for the table, seen without the help of the store. */
export interface PayloadPlace {
  readonly settings: NonNullable<GivenSettings['longTerm']>;
  payloads(): Promise<readonly StoredPayload[]>;
  /** Makes uploads that have broken off look as if that had been long ago. */
  ageBrokenUploads(): Promise<void>;
  close(): Promise<void>;
}

export interface StoredPayload {
  /** A file, or an object of a bucket. */
  readonly file: string;
  /** `undefined` for one that is still being written. */
  readonly name: string | undefined;
  readonly usecase: string;
  /** Of payload, as far as it is there. */
  readonly bytes: number;
}

/** What the processes of a store are started on, and what outlives them. */
export interface ClusterStorage extends Omit<PayloadPlace, 'settings'> {
  readonly settings: Settings;
  /** As operators are told. */
  readonly kinds: { readonly highVolume: string; readonly longTerm: string };
  /** For a test that puts something among the blobs by hand. */
  withLongTerm<Result>(use: (tier: LongTermTier) => Promise<Result>): Promise<Result>;
}

const variable = 'HOLDFAST_TEST_STORAGE';
const names: readonly StorageName[] = [
  'embedded',
  'bigtable+gcs',
  'lmdb+gcs',
  'bigtable+filesystem',
];

export async function openClusterStorage(
  directory: string,
  name: StorageName = nameInEnvironment(),
): Promise<ClusterStorage> {
  const [rows, blobs] = name === 'embedded' ? ['lmdb', 'filesystem'] : name.split('+');
  const highVolume = rows === 'bigtable' ? await newTable() : rowsIn(directory);
  const folder = join(directory, 'blobs');
  const { settings: longTerm, ...place } =
    blobs === 'gcs' ? await openClusterBucket() : openBlobFolder(folder);
  const given = { highVolume, longTerm };
  const { highVolume: high, longTerm: long } = storageSettingsOf(given);
  return {
    ...place,
    kinds: { highVolume: high.kind, longTerm: long.kind },
    settings: {
      ...variablesOf('HOLDFAST_STORAGE', given),
      // A directory is made by whoever opens it.
      ...(name === 'embedded' ? {} : { HOLDFAST_BOOTSTRAP__ON_START: 'true' }),
    },
    async withLongTerm(use) {
      const settings = storageSettingsOf({ highVolume: { kind: 'memory' }, longTerm });
      const options = { inlineThresholdBytes: 0 };
      const storage = await openStorage(settings, options, { clock, checksum });
      try {
        return await use(storage.longTerm);
      } finally {
        await storage.close();
      }
    },
  };
}

function nameInEnvironment(): StorageName {
  const given = process.env[variable] ?? 'embedded';
  const name = names.find((one) => one === given);
  if (name !== undefined) return name;
  throw new Error(`${variable} is ${given}; allowed: ${names.join(', ')}`);
}

function rowsIn(directory: string): HighVolumeSettings {
  return { kind: 'lmdb', directory: join(directory, 'rows') };
}

/** The table is made by the store. It goes with the emulator. */
async function newTable(): Promise<HighVolumeSettings> {
  return {
    kind: 'bigtable',
    project: 'holdfast-tests',
    instance: 'tests',
    table: `t-${randomUUID()}`,
    emulatorHost: await bigtableEmulator(),
  };
}

/** As the environment has them: `highVolume.kind` is `…__HIGH_VOLUME__KIND`. */
function variablesOf(prefix: string, settings: object): Settings {
  const entries = Object.entries(settings).map(([name, value]: [string, unknown]): Settings => {
    const inCapitals = name.replaceAll(/[A-Z]/gu, (letter) => `_${letter}`).toUpperCase();
    const path = `${prefix}__${inCapitals}`;
    return typeof value === 'object' && value !== null
      ? variablesOf(path, value)
      : { [path]: String(value) };
  });
  return Object.assign({}, ...entries) as Settings;
}
