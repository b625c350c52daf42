import { encodeRevision, revisionBytes } from '@holdfast/domain';
import { createMemoryChangeLog, describeChangeLog } from '@holdfast/testkit';
import { requireBigtableEmulator } from '../support/bigtable-emulator.js';
import { damageChange, openTemporaryBigtableStore } from '../support/bigtable-store.js';
import { openTemporaryLmdbStore } from '../support/lmdb-store.js';

describeChangeLog('The memory', async () => {
  const log = createMemoryChangeLog();
  return { log, damage: async (changeId) => log.damage(changeId), close: async () => {} };
});

describeChangeLog('LMDB', async () => {
  const store = await openTemporaryLmdbStore();
  return {
    log: store.changeLog,
    async damage(changeId) {
      const key = Buffer.alloc(revisionBytes);
      encodeRevision(changeId, key, 0);
      await store.tamper(({ changes }) => void changes.put(key, Buffer.of(99, 1, 2)));
    },
    close: () => store.remove(),
  };
});

describe('With the emulator', () => {
  before(function () {
    requireBigtableEmulator(this);
  });

  describeChangeLog('Bigtable', async () => {
    const store = await openTemporaryBigtableStore();
    return {
      log: store.changeLog,
      damage: (changeId) => damageChange(store, changeId),
      close: () => store.close(),
    };
  });
});
