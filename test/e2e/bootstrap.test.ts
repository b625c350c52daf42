import { execFile } from 'node:child_process';
import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { bigtableEmulator, requireBigtableEmulator } from '../support/bigtable-emulator.js';
import { freePorts } from '../support/cluster-ports.js';
import { createClusterService, type ClusterService } from '../support/cluster-service.js';
import { startGcsServer } from '../support/gcs/gcs-server.js';
import type { GcsServer } from '../support/gcs/gcs-types.js';
import { holdfastCommand, type CommandEnd } from '../support/holdfast-command.js';
import { createClosers } from '../support/redis-closers.js';
import { newPrefix } from '../support/redis-queue.js';
import { requireRedis, startRedis, type RedisServer } from '../support/redis.js';

/** Runs `holdfast` as a process of its own, with nothing in its environment but what is given. */
function holdfast(args: readonly string[], given: NodeJS.ProcessEnv = {}): Promise<CommandEnd> {
  const [program = '', ...words] = holdfastCommand(args);
  const env = { PATH: process.env['PATH'], ...given };
  return new Promise((resolve) => {
    execFile(program, words, { env }, (error, stdout, stderr) => {
      const code = error === null ? 0 : Number(error.code);
      resolve({ code, stdout, stderr });
    });
  });
}

describe('holdfast bootstrap', () => {
  const closers = createClosers();
  let folder = '';
  let file = '';
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'holdfast-bootstrap-'));
    file = join(folder, 'tiered-store.yaml');
  });
  afterEach(async () => {
    await closers.closeAll();
    await rm(folder, { recursive: true });
  });

  const embedded = (): string =>
    `storage:\n  highVolume: { directory: ${folder}/rows }\n  longTerm: { directory: ${folder}/blobs }\n`;

  describe('of everything that is in the cloud', () => {
    let redis: RedisServer;
    let gcs: GcsServer;
    let table = '';

    before(async function () {
      requireBigtableEmulator(this);
      requireRedis(this);
      redis = await startRedis();
    });
    after(() => redis.remove());
    beforeEach(async () => {
      gcs = closers.add(await startGcsServer());
      table = `t-${randomUUID()}`;
      await writeFile(file, await settings());
    });

    async function settings(): Promise<string> {
      return `
listen: { port: 7110 }
limits: { inFlightMax: 100 }
storage:
  highVolume:
    kind: bigtable
    project: my-project
    instance: my-instance
    table: ${table}
    emulatorHost: ${await bigtableEmulator()}
  longTerm:
    kind: gcs
    bucket: photos
    apiEndpoint: ${gcs.apiEndpoint}
queue:
  url: ${redis.url}
  prefix: '${newPrefix()}'
`;
    }

    const names = (): readonly string[] => [
      `table ${table} of projects/my-project/instances/my-instance`,
      'bucket photos',
      'Redis policy',
      'queue changelog-cleanup',
      'queue orphan-reclaim',
      'queue sweep',
      'schedule of recover-changes',
      'schedule of reclaim-orphans',
      'schedule of expire-objects',
      'schedule of verify-objects',
    ];
    const linesOf = (outcome: string): string =>
      names()
        .map((name) => `${name}: ${name === 'Redis policy' ? 'exists' : outcome}\n`)
        .join('');

    it('makes it once, says so, and changes nothing when it runs again', async () => {
      const check = ['bootstrap', '--check', '--config', file];
      const first = await holdfast(check);
      assert.deepEqual([first.code, first.stdout], [1, linesOf('missing')]);
      assert.match(first.stderr, /^holdfast: the Bigtable emulator at \S+ is in use/);
      const making = await holdfast(['bootstrap', '--config', file]);
      assert.deepEqual([making.code, making.stdout], [0, linesOf('made')]);
      for (const args of [['bootstrap', '--config', file], check]) {
        const again = await holdfast(args);
        assert.deepEqual([again.code, again.stdout], [0, linesOf('exists')]);
      }
    });

    it('is safe for many processes at once', async () => {
      const runs = Array.from({ length: 8 }, () => holdfast(['bootstrap', '--config', file]));
      for (const { code, stderr } of await Promise.all(runs)) assert.equal(code, 0, stderr);
      const check = await holdfast(['bootstrap', '--check', '--config', file]);
      assert.deepEqual([check.code, check.stdout], [0, linesOf('exists')]);
    });

    it('prints one JSON document', async () => {
      const { code, stdout } = await holdfast(['bootstrap', '--json', '--config', file]);
      assert.equal(code, 0);
      const { isSound, resources } = JSON.parse(stdout) as {
        isSound: boolean;
        resources: readonly { name: string; outcome: string }[];
      };
      assert.equal(isSound, true);
      assert.deepEqual(
        resources.map(({ name }) => name),
        names(),
      );
      assert.deepEqual(resources[0], { name: names()[0], outcome: 'made' });
    });

    it('exits with 1 where something can neither be had nor made, having made the rest', async () => {
      await gcs.close();
      const quick = {
        HOLDFAST_STORAGE__LONG_TERM__CALL_MS_MAX: '500',
        HOLDFAST_STORAGE__LONG_TERM__ATTEMPT_MS_MAX: '500',
      };
      const { code, stdout } = await holdfast(['bootstrap', '--config', file], quick);
      assert.equal(code, 1);
      assert.match(stdout, /^bucket photos: failed: /m);
      assert.match(stdout, /^queue sweep: made$/m);
    });

    it('is done by a tiered store at its start where its settings say so', async () => {
      const store = await tieredStore({
        ...storageVariables(await bigtableEmulator()),
        HOLDFAST_BOOTSTRAP__ON_START: 'true',
      });
      await store.start();
      const told = store.lines.join('\n');
      assert.match(told, new RegExp(`table ${table} of \\S+: made`));
      assert.match(told, /bucket photos: made/);
      assert.match(told, /the Bigtable emulator at \S+ is in use: nothing outlives it/);
      assert.equal((await store.terminate()).code, 0);
    });

    it('refuses the start of a tiered store where it fails', async () => {
      const [port = 0] = await freePorts(1);
      const store = await tieredStore({
        ...storageVariables(await bigtableEmulator()),
        HOLDFAST_STORAGE__LONG_TERM__API_ENDPOINT: `http://127.0.0.1:${port}`,
        HOLDFAST_STORAGE__LONG_TERM__CALL_MS_MAX: '500',
        HOLDFAST_STORAGE__LONG_TERM__ATTEMPT_MS_MAX: '500',
        HOLDFAST_BOOTSTRAP__ON_START: 'true',
      });
      assert.equal((await store.startInVain()).code, 78);
      assert(store.lines.some((line) => line.startsWith('tiered-store: bucket photos: failed: ')));
    });

    function storageVariables(emulatorHost: string): Readonly<Record<string, string>> {
      return {
        HOLDFAST_STORAGE__HIGH_VOLUME__KIND: 'bigtable',
        HOLDFAST_STORAGE__HIGH_VOLUME__PROJECT: 'my-project',
        HOLDFAST_STORAGE__HIGH_VOLUME__INSTANCE: 'my-instance',
        HOLDFAST_STORAGE__HIGH_VOLUME__TABLE: table,
        HOLDFAST_STORAGE__HIGH_VOLUME__EMULATOR_HOST: emulatorHost,
        HOLDFAST_STORAGE__LONG_TERM__KIND: 'gcs',
        HOLDFAST_STORAGE__LONG_TERM__BUCKET: 'photos',
        HOLDFAST_STORAGE__LONG_TERM__API_ENDPOINT: gcs.apiEndpoint,
      };
    }

    async function tieredStore(given: Readonly<Record<string, string>>): Promise<ClusterService> {
      const [port = 0, httpPort = 0] = await freePorts(2);
      const store = createClusterService({ name: 'tiered-store', port, httpPort, settings: given });
      closers.onClose(async () => {
        if (store.isRunning()) await store.kill();
      });
      return store;
    }
  });

  it('takes settings from the environment too, and passes over those that are not its own', async () => {
    const env = {
      HOLDFAST_STORAGE__HIGH_VOLUME__DIRECTORY: join(folder, 'rows'),
      HOLDFAST_STORAGE__LONG_TERM__KIND: 'none',
      HOLDFAST_LIMITS__QUEUE_MAX: 'whatever',
    };
    const { code, stdout } = await holdfast(['bootstrap'], env);
    assert.deepEqual([code, stdout], [0, `directory ${folder}/rows: made\n`]);
  });

  it('changes nothing with --check, and says so by its exit code', async () => {
    await writeFile(file, embedded());
    const { code, stdout } = await holdfast(['bootstrap', '--check', '--config', file]);
    assert.equal(code, 1);
    assert.match(stdout, /^directory \S+rows: missing\ndirectory \S+blobs: missing\n$/);
    assert.deepEqual(await readdir(folder), ['tiered-store.yaml']);
  });

  const wrong = [
    ['an unknown setting within its parts', 'storage: { highVolume: { dir: /x } }', /dir \(from/],
    ['an unknown part of the storage', 'storage: { middle: 1 }', /storage\.middle/],
    ['an unknown kind', 'storage: { longTerm: { kind: s3 } }', /allowed: "filesystem" or "gcs"/],
    ['a queue without its URL', "queue: { prefix: '{a}' }", /queue\.url is missing/],
  ] as const;
  for (const [what, yaml, told] of wrong) {
    it(`exits with 2 for ${what}, and makes nothing`, async () => {
      await writeFile(file, yaml);
      const { code, stdout, stderr } = await holdfast(['bootstrap', '--config', file]);
      assert.deepEqual([code, stdout], [2, '']);
      assert.match(stderr, told);
    });
  }

  it('exits with 2 for a command line that is wrong', async () => {
    assert.equal((await holdfast(['bootstrap', '--chekc'])).code, 2);
    assert.equal((await holdfast(['bootstrap', 'now'])).code, 2);
    assert.equal((await holdfast(['bootstrap', '--config', join(folder, 'none')])).code, 2);
  });

  it('has a help, and stands in that of the command', async () => {
    const { code, stdout } = await holdfast(['bootstrap', '--help']);
    assert.equal(code, 0);
    assert.match(stdout, /--check .*change nothing/);
    assert.doesNotMatch(stdout, /--address/);
    assert.match((await holdfast(['--help'])).stdout, /bootstrap .*Makes what the services need/);
    const { stdout: completion } = await holdfast(['completion', 'bash']);
    assert.match(completion, /"bootstrap"\) flags="--config --check --json --help"/);
  });
});
