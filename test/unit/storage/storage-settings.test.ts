import { loadSettings, StartupError } from '@holdfast/service-kit';
import { storageSettings, withEmulatorOf, type StorageSettings } from '@holdfast/storage';
import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { z } from 'zod';

const schema = z.strictObject({ storage: storageSettings.prefault({}) });
const day = 86_400_000;

function fromEnvironment(env: NodeJS.ProcessEnv): StorageSettings {
  return withEmulatorOf(env, loadSettings(schema, { argv: [], env }).storage);
}

function fromYaml(yaml: string, env: NodeJS.ProcessEnv = {}): StorageSettings {
  const folder = mkdtempSync(join(tmpdir(), 'holdfast-settings-'));
  try {
    const file = join(folder, 'settings.yaml');
    writeFileSync(file, yaml);
    return loadSettings(schema, { argv: ['--config', file], env }).storage;
  } finally {
    rmSync(folder, { recursive: true });
  }
}

const bigtable = { kind: 'bigtable', project: 'my-project', instance: 'my-instance' };
const bigtableDefaults = {
  table: 'holdfast',
  channels: 6,
  callMsMax: 20_000,
  attemptMsMax: 6_000,
  attemptsMax: 4,
};
const gcsDefaults = {
  chunkSize: 8 * 1024 * 1024,
  uploadBufferMax: 256 * 1024 * 1024,
  uploadsMax: 1_000,
  requestsMax: 512,
  callMsMax: 30_000,
  attemptMsMax: 10_000,
  attemptsMax: 6,
  stallMsMax: 20_000,
  softDeleteRetentionMs: 0,
};

/** What is given, by its name in the settings, and what becomes of it. */
const tiers: readonly {
  readonly tier: 'highVolume' | 'longTerm';
  readonly given: Readonly<Record<string, string>>;
  readonly settings: object;
}[] = [
  {
    tier: 'highVolume',
    given: { directory: '/rows', sizeMax: '1 GiB' },
    settings: { kind: 'lmdb', directory: '/rows', sizeMax: 1024 ** 3 },
  },
  {
    tier: 'highVolume',
    given: { kind: 'lmdb' },
    settings: { kind: 'lmdb', directory: './data/rows', sizeMax: 64 * 1024 ** 3 },
  },
  { tier: 'highVolume', given: bigtable, settings: { ...bigtable, ...bigtableDefaults } },
  {
    tier: 'highVolume',
    given: { ...bigtable, table: 'blobs', appProfile: 'one', channels: '2', callMsMax: '8 s' },
    settings: {
      ...bigtable,
      ...bigtableDefaults,
      table: 'blobs',
      appProfile: 'one',
      channels: 2,
      callMsMax: 8_000,
    },
  },
  { tier: 'highVolume', given: { kind: 'memory' }, settings: { kind: 'memory' } },
  {
    tier: 'longTerm',
    given: { directory: '/blobs' },
    settings: { kind: 'filesystem', directory: '/blobs' },
  },
  {
    tier: 'longTerm',
    given: { kind: 'gcs', bucket: 'photos' },
    settings: { kind: 'gcs', bucket: 'photos', ...gcsDefaults },
  },
  {
    tier: 'longTerm',
    given: {
      kind: 'gcs',
      bucket: 'photos',
      project: 'my-project',
      apiEndpoint: 'http://127.0.0.1:4443',
      chunkSize: '512 KiB',
      location: 'EU',
      softDeleteRetentionMs: '7 d',
    },
    settings: {
      ...gcsDefaults,
      kind: 'gcs',
      bucket: 'photos',
      project: 'my-project',
      apiEndpoint: 'http://127.0.0.1:4443',
      chunkSize: 512 * 1024,
      location: 'EU',
      softDeleteRetentionMs: 7 * day,
    },
  },
  { tier: 'longTerm', given: { kind: 'memory' }, settings: { kind: 'memory' } },
  { tier: 'longTerm', given: { kind: 'none' }, settings: { kind: 'none' } },
];

function variable(tier: string, name: string): string {
  const upper = (text: string): string => text.replaceAll(/[A-Z]/g, '_$&').toUpperCase();
  return `HOLDFAST_STORAGE__${upper(tier)}__${upper(name)}`;
}

describe('The settings of the storage', () => {
  it('are those of an embedded store where nothing is said', () => {
    const { highVolume, longTerm } = fromEnvironment({});
    assert.deepEqual([highVolume.kind, longTerm.kind], ['lmdb', 'filesystem']);
  });

  for (const { tier, given, settings } of tiers) {
    const names = `${Object.keys(given).join(', ')} of ${given['kind'] ?? 'no kind'}`;
    it(`take ${names} of ${tier} from the environment alone`, () => {
      const env: NodeJS.ProcessEnv = Object.fromEntries(
        Object.entries(given).map(([name, text]) => [variable(tier, name), text] as const),
      );
      assert.deepEqual(fromEnvironment(env)[tier], settings);
    });

    it(`take ${names} of ${tier} from YAML alone`, () => {
      const lines = Object.entries(given).map(([name, text]) => `    ${name}: ${text}\n`);
      assert.deepEqual(fromYaml(`storage:\n  ${tier}:\n${lines.join('')}`)[tier], settings);
    });
  }

  it('may say the kind in one place and the rest in the other', () => {
    const yaml = 'storage:\n  longTerm:\n    kind: gcs\n';
    const { longTerm } = fromYaml(yaml, { HOLDFAST_STORAGE__LONG_TERM__BUCKET: 'photos' });
    assert.deepEqual(longTerm, { kind: 'gcs', bucket: 'photos', ...gcsDefaults });
  });

  const wrong: readonly (readonly [string, NodeJS.ProcessEnv, RegExp])[] = [
    [
      'a kind that there is not',
      { HOLDFAST_STORAGE__HIGH_VOLUME__KIND: 'redis' },
      /^storage\.highVolume\.kind \(from HOLDFAST_STORAGE__HIGH_VOLUME__KIND\) is "redis"; allowed: "lmdb" or "bigtable" or "memory"$/,
    ],
    [
      'a Bigtable without its instance',
      {
        HOLDFAST_STORAGE__HIGH_VOLUME__KIND: 'bigtable',
        HOLDFAST_STORAGE__HIGH_VOLUME__PROJECT: 'my-project',
      },
      /^storage\.highVolume\.instance is missing; allowed: the id of a Bigtable instance, such as/,
    ],
    [
      'a setting of another kind',
      {
        HOLDFAST_STORAGE__LONG_TERM__KIND: 'gcs',
        HOLDFAST_STORAGE__LONG_TERM__BUCKET: 'photos',
        HOLDFAST_STORAGE__LONG_TERM__DIRECTORY: '/blobs',
      },
      /^storage\.longTerm\.directory \(from \S+\) is no setting; allowed here: apiEndpoint, .*bucket/,
    ],
    [
      'a setting of a tier that is none',
      {
        HOLDFAST_STORAGE__LONG_TERM__KIND: 'none',
        HOLDFAST_STORAGE__LONG_TERM__BUCKET: 'photos',
      },
      /^storage\.longTerm\.bucket \(from \S+\) is no setting; allowed here: kind$/,
    ],
    ...['https://storage.example.com/storage/v1', 'https://storage.example.com?x'].map(
      (url): (typeof wrong)[number] => [
        `the endpoint ${url}, which is more than a host`,
        {
          HOLDFAST_STORAGE__LONG_TERM__KIND: 'gcs',
          HOLDFAST_STORAGE__LONG_TERM__BUCKET: 'photos',
          HOLDFAST_STORAGE__LONG_TERM__API_ENDPOINT: url,
        },
        /^storage\.longTerm\.apiEndpoint \(from \S+\) is ".*"; allowed: a URL without a path, such as/,
      ],
    ),
    [
      'a bucket with its scheme',
      {
        HOLDFAST_STORAGE__LONG_TERM__KIND: 'gcs',
        HOLDFAST_STORAGE__LONG_TERM__BUCKET: 'gs://photos',
      },
      /^storage\.longTerm\.bucket \(from \S+\) is "gs:\/\/photos"; allowed: .*without "gs:\/\/"/,
    ],
    [
      'a chunk that Cloud Storage does not take',
      {
        HOLDFAST_STORAGE__LONG_TERM__KIND: 'gcs',
        HOLDFAST_STORAGE__LONG_TERM__BUCKET: 'photos',
        HOLDFAST_STORAGE__LONG_TERM__CHUNK_SIZE: '300 KiB',
      },
      /^storage\.longTerm\.chunkSize .* is "300 KiB"; allowed: a multiple of 256 KiB/,
    ],
    [
      'a chunk that uploads have no room for',
      {
        HOLDFAST_STORAGE__LONG_TERM__KIND: 'gcs',
        HOLDFAST_STORAGE__LONG_TERM__BUCKET: 'photos',
        HOLDFAST_STORAGE__LONG_TERM__UPLOAD_BUFFER_MAX: '4 MiB',
      },
      /^storage\.longTerm.*: chunkSize must not be above uploadBufferMax$/,
    ],
    [
      'a soft delete retention that Cloud Storage does not take',
      {
        HOLDFAST_STORAGE__LONG_TERM__KIND: 'gcs',
        HOLDFAST_STORAGE__LONG_TERM__BUCKET: 'photos',
        HOLDFAST_STORAGE__LONG_TERM__SOFT_DELETE_RETENTION_MS: '1 d',
      },
      /^storage\.longTerm\.softDeleteRetentionMs .* is "1 d"; allowed: 0, or a duration from 7 d/,
    ],
    [
      'an attempt that takes longer than all of them',
      {
        HOLDFAST_STORAGE__HIGH_VOLUME__KIND: 'bigtable',
        HOLDFAST_STORAGE__HIGH_VOLUME__PROJECT: 'my-project',
        HOLDFAST_STORAGE__HIGH_VOLUME__INSTANCE: 'my-instance',
        HOLDFAST_STORAGE__HIGH_VOLUME__ATTEMPT_MS_MAX: '30 s',
      },
      /^storage\.highVolume.*: attemptMsMax must not be above callMsMax$/,
    ],
  ];
  for (const [what, env, told] of wrong) {
    it(`name ${what}, and say what is allowed`, () => {
      assert.throws(
        () => fromEnvironment(env),
        (error) => {
          assert(error instanceof StartupError);
          assert.match(error.message, told);
          return true;
        },
      );
    });
  }

  describe('of an emulator', () => {
    const env = {
      HOLDFAST_STORAGE__HIGH_VOLUME__KIND: 'bigtable',
      HOLDFAST_STORAGE__HIGH_VOLUME__PROJECT: 'my-project',
      HOLDFAST_STORAGE__HIGH_VOLUME__INSTANCE: 'my-instance',
    };
    const everybodys = { BIGTABLE_EMULATOR_HOST: 'localhost:8086' };

    function emulatorHost(given: NodeJS.ProcessEnv): string | undefined {
      const { highVolume } = fromEnvironment(given);
      return highVolume.kind === 'bigtable' ? highVolume.emulatorHost : 'no Bigtable';
    }

    it('come from the variable that everybody sets', () => {
      assert.equal(emulatorHost({ ...env, ...everybodys }), 'localhost:8086');
      assert.equal(emulatorHost({ ...env, BIGTABLE_EMULATOR_HOST: '' }), undefined);
    });

    it('come from our own setting where both are given', () => {
      const own = { HOLDFAST_STORAGE__HIGH_VOLUME__EMULATOR_HOST: '127.0.0.1:9000' };
      assert.equal(emulatorHost({ ...env, ...everybodys, ...own }), '127.0.0.1:9000');
    });

    it('do not matter to a store that is not on Bigtable', () => {
      assert.equal(fromEnvironment(everybodys).highVolume.kind, 'lmdb');
    });

    it('are refused by the name of the variable where they are none', () => {
      assert.throws(() => emulatorHost({ ...env, BIGTABLE_EMULATOR_HOST: 'http://localhost' }), {
        name: 'StartupError',
        message:
          'BIGTABLE_EMULATOR_HOST is "http://localhost"; allowed: a host and a port such as 127.0.0.1:8086',
      });
    });
  });
});
