import { nativeChecksum as checksum } from '@holdfast/service-kit';
import { createFilesystemTier } from '@holdfast/tier-filesystem';
import { openLmdbStore } from '@holdfast/tier-lmdb';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describeEngineBehaviours } from '../support/engine-behaviours.js';

describeEngineBehaviours('on LMDB and the file system', async (clock) => {
  const directory = await mkdtemp(join(tmpdir(), 'holdfast-engine-'));
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
