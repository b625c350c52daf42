import { systemClock } from '@holdfast/service-kit';
import { createRowFixtures } from '@holdfast/testkit';
import { openLmdbStore } from '@holdfast/tier-lmdb';
import assert from 'node:assert/strict';
import { open, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { reserveLockFile } from '../../packages/tier-lmdb/src/lock-file.js';
import { makeTemporaryDirectory, withLmdbStore } from '../support/lmdb-store.js';

const lockName = 'lock.mdb';
const permissionBits = 0o777;

describe('the files of an LMDB store', () => {
  const make = createRowFixtures(systemClock);
  let directory: string;

  beforeEach(async () => {
    directory = await makeTemporaryDirectory();
  });
  afterEach(() => rm(directory, { recursive: true }));

  const lockOptions = { readersMax: 10, mode: 0o600 };

  it('are made by one of many that open the store at once', async () => {
    for (let round = 0; round < 25; round += 1) {
      const path = join(directory, String(round), 'store');
      const stores = await Promise.all(
        Array.from({ length: 4 }, () => openLmdbStore({ directory: path }, { clock: systemClock })),
      );
      const ids = stores.map(() => make.id());
      await Promise.all(
        stores.map(({ highVolumeTier }, index) =>
          highVolumeTier.putInline(ids[index] ?? make.id(), make.inline('x')),
        ),
      );
      for (const { highVolumeTier } of stores) {
        for (const id of ids) assert.equal((await highVolumeTier.read(id)).kind, 'inline');
      }
      await Promise.all(stores.map((store) => store.close()));
      assert.deepEqual((await readdir(path)).toSorted(), ['data.mdb', lockName]);
    }
  });

  it('hold a lock file that nobody touches once it is there', async () => {
    for (let round = 0; round < 50; round += 1) {
      const path = await makeTemporaryDirectory();
      try {
        const all = Array.from({ length: 8 }, () => reserveLockFile(path, lockOptions));
        await Promise.race(all);
        const { ino, size } = await mark(join(path, lockName));
        await Promise.all(all);
        const after = await stat(join(path, lockName));
        assert.deepEqual([after.ino, after.size], [ino, size]);
        assert.equal((await readFile(join(path, lockName)))[0], 0xff);
        assert.deepEqual(await readdir(path), [lockName]);
      } finally {
        await rm(path, { recursive: true });
      }
    }
  });

  it('lose drafts of a lock file that a crash left, and nothing else', async () => {
    for (const name of ['lock.mdb.7.new', 'lock.mdb.f00d-1.new', 'notes.txt']) {
      await writeFile(join(directory, name), '');
    }
    await withLmdbStore({ directory }, systemClock, async () => {});
    assert.deepEqual((await readdir(directory)).toSorted(), ['data.mdb', lockName, 'notes.txt']);
  });

  it('have disk blocks for the whole of the lock file', async () => {
    await withLmdbStore({ directory }, systemClock, async () => {});
    const { blocks, size } = await stat(join(directory, lockName));
    assert.ok(blocks * 512 >= size, `${blocks} blocks for ${size} bytes`);
  });

  it('are their owner\u2019s alone, with the directories that are made for them', async () => {
    const path = join(directory, 'data', 'rows');
    const umask = process.umask(0);
    try {
      await withLmdbStore({ directory: path }, systemClock, async ({ highVolumeTier }) => {
        await highVolumeTier.putInline(make.id(), make.inline('private'));
      });
    } finally {
      process.umask(umask);
    }
    assert.equal(await modeOf(join(directory, 'data')), 0o700);
    assert.equal(await modeOf(path), 0o700);
    for (const name of await readdir(path)) assert.equal(await modeOf(join(path, name)), 0o600);
  });
});

async function modeOf(path: string): Promise<number> {
  return (await stat(path)).mode & permissionBits;
}

/** Writes to the lock file as LMDB would. */
async function mark(path: string): Promise<{ readonly ino: number; readonly size: number }> {
  const file = await open(path, 'r+');
  try {
    await file.write(Buffer.of(0xff), 0, 1, 0);
    return await file.stat();
  } finally {
    await file.close();
  }
}
