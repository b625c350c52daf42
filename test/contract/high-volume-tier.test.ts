import {
  createManualClock,
  createMemoryHighVolumeTier,
  describeHighVolumeTier,
} from '@holdfast/testkit';
import { requireBigtableEmulator } from '../support/bigtable-emulator.js';
import { damageRow, openTemporaryBigtableStore } from '../support/bigtable-store.js';
import { openTemporaryLmdbStore } from '../support/lmdb-store.js';

describeHighVolumeTier('The memory', async () => {
  const clock = createManualClock();
  const tier = createMemoryHighVolumeTier({ clock });
  return { tier, clock, damage: async (id) => tier.damage(id), close: async () => {} };
});

describeHighVolumeTier('LMDB', async () => {
  const store = await openTemporaryLmdbStore();
  return {
    tier: store.highVolumeTier,
    clock: store.clock,
    damage: (id) =>
      store.tamper(({ heads }) => void heads.put(Buffer.from(id.path), Buffer.of(99, 1, 2))),
    close: () => store.remove(),
  };
});

describe('With the emulator', () => {
  before(function () {
    requireBigtableEmulator(this);
  });

  describeHighVolumeTier('Bigtable', async () => {
    const store = await openTemporaryBigtableStore();
    return {
      tier: store.highVolumeTier,
      clock: store.clock,
      damage: (id) => damageRow(store, id),
      close: () => store.close(),
    };
  });
});
