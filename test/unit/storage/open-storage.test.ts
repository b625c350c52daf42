import { blobNameOf, hasCode } from '@holdfast/domain';
import {
  nativeChecksum as checksum,
  StartupError,
  systemClock as clock,
} from '@holdfast/service-kit';
import { openStorage, type StorageSettings } from '@holdfast/storage';
import { createRowFixtures } from '@holdfast/testkit';
import assert from 'node:assert/strict';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

type Kind<Tier extends keyof StorageSettings> = StorageSettings[Tier]['kind'];

const sizeMax = 64 * 1024 * 1024;
const inlineThresholdBytes = 1_000;

describe('The storage of a service', () => {
  let folder = '';
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'holdfast-storage-'));
  });
  afterEach(() => rm(folder, { recursive: true }));

  const open = (settings: StorageSettings) =>
    openStorage(settings, { inlineThresholdBytes }, { clock, checksum });

  function settingsOf(
    highVolume: Exclude<Kind<'highVolume'>, 'bigtable'>,
    longTerm: Exclude<Kind<'longTerm'>, 'gcs'>,
  ): StorageSettings {
    const rows = { kind: 'lmdb', directory: join(folder, 'rows'), sizeMax } as const;
    const blobs = { kind: 'filesystem', directory: join(folder, 'blobs') } as const;
    return {
      highVolume: highVolume === 'lmdb' ? rows : { kind: highVolume },
      longTerm: longTerm === 'filesystem' ? blobs : { kind: longTerm },
    };
  }

  for (const highVolume of ['lmdb', 'memory'] as const) {
    for (const longTerm of ['filesystem', 'memory', 'none'] as const) {
      it(`any tier can stand behind the service: ${highVolume} and ${longTerm}`, async () => {
        const storage = await open(settingsOf(highVolume, longTerm));
        assert.deepEqual(storage.kinds, { highVolume, longTerm });
        assert.deepEqual((await storage.longTerm.list(undefined, 1)).blobs, []);
        assert.deepEqual((await storage.changeLog.list({ examinedMax: 1 })).changes, []);
        const removal = await storage.removeAbandoned({ olderThanMs: 0, examinedMax: 1 });
        assert.equal(removal.removed, 0);
        await storage.close();
      });
    }
  }

  it('warns of what outlives nothing, and of that alone', async () => {
    const warnings = async (settings: StorageSettings): Promise<readonly string[]> => {
      const storage = await open(settings);
      await storage.close();
      return storage.warnings;
    };
    assert.deepEqual(await warnings(settingsOf('lmdb', 'filesystem')), []);
    assert.deepEqual(await warnings(settingsOf('lmdb', 'none')), []);
    const forMemory = ['nothing in memory outlives this process'];
    assert.deepEqual(await warnings(settingsOf('memory', 'filesystem')), forMemory);
    assert.deepEqual(await warnings(settingsOf('lmdb', 'memory')), forMemory);
  });

  it('names in one line the directory that cannot be used, and why', async () => {
    await writeFile(join(folder, 'rows'), 'a file');
    await assert.rejects(open(settingsOf('lmdb', 'memory')), (error) => {
      assert(error instanceof StartupError);
      assert.match(error.message, /^storage\.highVolume\.directory \S+rows cannot be used: /);
      return !error.message.includes('\n');
    });
    await writeFile(join(folder, 'blobs'), 'a file');
    await assert.rejects(open(settingsOf('memory', 'filesystem')), (error) => {
      assert(error instanceof StartupError);
      assert.match(error.message, /^storage\.longTerm\.directory \S+blobs cannot be used: /);
      return !error.message.includes('\n');
    });
  });

  describe('without a long-term tier', () => {
    const make = createRowFixtures(clock);
    const metadata = make.metadata();
    const blob = blobNameOf(make.id('a'), metadata.revision);

    it('refuses what would need one, and lets go of its payload', async () => {
      const { longTerm, close } = await open(settingsOf('memory', 'none'));
      let isEnded = false;
      const payload = {
        [Symbol.asyncIterator]: () => ({
          next: () => Promise.reject(new Error('nobody reads it')),
          return: () => {
            isEnded = true;
            return Promise.resolve({ done: true as const, value: undefined });
          },
        }),
      };
      await assert.rejects(longTerm.create(blob, metadata, payload), (error) => {
        assert(hasCode(error, 'PAYLOAD_TOO_LARGE'));
        assert.deepEqual(error.detail, {
          code: 'PAYLOAD_TOO_LARGE',
          field: 'chunk',
          bytesMax: inlineThresholdBytes,
        });
        return true;
      });
      assert(isEnded);
      await close();
    });

    it('has no blobs, and does not call lost what it cannot reach', async () => {
      const { longTerm, close } = await open(settingsOf('memory', 'none'));
      assert.deepEqual(await longTerm.list(undefined, 10), { blobs: [], undecided: [] });
      assert.deepEqual(await longTerm.remove(blob), { kind: 'absent' });
      assert.deepEqual(await longTerm.head(blob), { kind: 'absent' });
      assert.equal(await longTerm.extend(blob, clock.now()), 'absent');
      await assert.rejects(longTerm.read(blob), (error) => hasCode(error, 'TIER_UNAVAILABLE'));
      await close();
    });
  });
});
