import {
  StartupError,
  nativeChecksum as checksum,
  systemClock as clock,
} from '@holdfast/service-kit';
import assert from 'node:assert/strict';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { openStorage } from '../../../services/tiered-store/src/storage/open-storage.js';
import type { StorageSettings } from '../../../services/tiered-store/src/storage/storage.js';

const sizeMax = 64 * 1024 * 1024;

describe('The storage of the service', () => {
  let folder = '';
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'holdfast-storage-'));
  });
  afterEach(() => rm(folder, { recursive: true }));

  function settings(
    highVolume: StorageSettings['highVolume']['kind'],
    longTerm: StorageSettings['longTerm']['kind'],
  ): StorageSettings {
    return {
      highVolume: { kind: highVolume, directory: join(folder, 'rows'), sizeMax },
      longTerm: { kind: longTerm, directory: join(folder, 'blobs') },
    };
  }

  for (const highVolume of ['lmdb', 'memory'] as const) {
    for (const longTerm of ['filesystem', 'memory'] as const) {
      it(`any tier can stand alone behind the service: ${highVolume} and ${longTerm}`, async () => {
        const storage = await openStorage(settings(highVolume, longTerm), { clock, checksum });
        assert.deepEqual(storage.kinds, { highVolume, longTerm });
        assert.equal(storage.isVolatile, highVolume === 'memory' || longTerm === 'memory');
        assert.deepEqual((await storage.longTerm.list(undefined, 1)).blobs, []);
        assert.deepEqual((await storage.changeLog.list({ examinedMax: 1 })).changes, []);
        const removal = await storage.removeAbandoned({ olderThanMs: 0, examinedMax: 1 });
        assert.equal(removal.removed, 0);
        await storage.close();
      });
    }
  }

  it('names in one line the directory that cannot be used, and why', async () => {
    await writeFile(join(folder, 'rows'), 'a file');
    await assert.rejects(openStorage(settings('lmdb', 'memory'), { clock, checksum }), (error) => {
      assert(error instanceof StartupError);
      assert.match(error.message, /^storage\.highVolume\.directory \S+rows cannot be used: /);
      return !error.message.includes('\n');
    });
    await writeFile(join(folder, 'blobs'), 'a file');
    const opening = openStorage(settings('memory', 'filesystem'), { clock, checksum });
    await assert.rejects(opening, (error) => {
      assert(error instanceof StartupError);
      assert.match(error.message, /^storage\.longTerm\.directory \S+blobs cannot be used: /);
      return !error.message.includes('\n');
    });
  });
});
