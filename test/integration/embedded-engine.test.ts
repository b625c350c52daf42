import type { Clock } from '@holdfast/domain';
import { nativeChecksum as checksum } from '@holdfast/service-kit';
import { createFilesystemTier, type FilesystemTier } from '@holdfast/tier-filesystem';
import { openLmdbStore, type LmdbStore } from '@holdfast/tier-lmdb';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { openEnvironment, type Environment } from '../../packages/tier-lmdb/src/environment.js';
import { resolveLmdbOptions } from '../../packages/tier-lmdb/src/options.js';
import { describeEngineBehaviours } from '../support/engine-behaviours.js';
import { listAll } from '../support/stored-blobs.js';

/**
 * One store for all tests, which is emptied after each: to make a new one takes ten times as long as
 * most tests do.
 */
describe('Embedded', () => {
  let directory: string;
  let store: LmdbStore;
  let environment: Environment;
  let longTerm: FilesystemTier;
  let current: Clock;

  before(async () => {
    directory = await mkdtemp(join(tmpdir(), 'holdfast-engine-'));
    const clock: Clock = {
      now: () => current.now(),
      sleep: (ms, signal) => current.sleep(ms, signal),
    };
    const rows = { directory: join(directory, 'rows') };
    store = await openLmdbStore(rows, { clock });
    environment = await openEnvironment(resolveLmdbOptions(rows));
    longTerm = await createFilesystemTier({ root: join(directory, 'blobs') }, { clock, checksum });
  });

  after(async () => {
    await environment.root.close();
    await store.close();
    await rm(directory, { recursive: true });
  });

  async function empty(): Promise<void> {
    const { root, heads, payloads, intents, changes } = environment;
    root.transactionSync(() => {
      for (const rows of [heads, payloads, intents, changes]) rows.clearSync();
    });
    const { blobs } = await listAll(longTerm);
    await Promise.all(blobs.map(({ name }) => longTerm.remove(name)));
  }

  describeEngineBehaviours('on LMDB and the file system', async (clock) => {
    current = clock;
    const { highVolumeTier: highVolume, changeLog } = store;
    return { highVolume, longTerm, changeLog, close: empty };
  });
});
