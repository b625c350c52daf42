import { nativeChecksum as checksum } from '@holdfast/service-kit';
import { createFilesystemTier } from '@holdfast/tier-filesystem';
import { openLmdbStore } from '@holdfast/tier-lmdb';
import { existsSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describeEngineBehaviours } from '../support/engine-behaviours.js';

// Every test makes a store of its own, and nobody pulls the plug on these: where there is a file
// system in memory, that spares hundreds of stores their flushes.
const inMemory = '/dev/shm';
const parent = existsSync(inMemory) ? inMemory : tmpdir();

describeEngineBehaviours('on LMDB and the file system', async (clock) => {
  const directory = await mkdtemp(join(parent, 'holdfast-engine-'));
  const store = await openLmdbStore({ directory: join(directory, 'rows') }, { clock });
  const root = join(directory, 'blobs');
  return {
    highVolume: store.highVolumeTier,
    changeLog: store.changeLog,
    longTerm: await createFilesystemTier({ root }, { clock, checksum }),
    async close() {
      await store.close();
      await rm(directory, { recursive: true });
    },
  };
});
