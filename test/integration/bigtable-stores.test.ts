import { later } from '@holdfast/domain';
import { createRowFixtures, plain, type RowFixtures } from '@holdfast/testkit';
import { openBigtableStore, type BigtableStore } from '@holdfast/tier-bigtable';
import assert from 'node:assert/strict';
import { requireBigtableEmulator } from '../support/bigtable-emulator.js';
import {
  openTemporaryBigtableStore,
  type TemporaryBigtableStore,
} from '../support/bigtable-store.js';

const rounds = 40;

describe('two stores on one Bigtable table', () => {
  let left: TemporaryBigtableStore;
  let right: BigtableStore;
  let make: RowFixtures;

  before(async function () {
    requireBigtableEmulator(this);
    left = await openTemporaryBigtableStore();
    right = await openBigtableStore(left.options, { clock: left.clock });
    make = createRowFixtures(left.clock);
  });
  after(async () => {
    await right?.close();
    await left?.close();
  });

  it('see at once what the other wrote', async () => {
    const id = make.id();
    for (let round = 0; round < rounds; round += 1) {
      const [writer, reader] = round % 2 === 0 ? [left, right] : [right, left];
      const row = make.inline(`round ${round}`);
      await writer.highVolumeTier.putInline(id, row);
      assert.deepEqual(plain(await reader.highVolumeTier.read(id)), plain(row));
    }
  });

  it('let one of a commit, a fence and a put be first, and the others follow from it', async () => {
    for (let round = 0; round < rounds; round += 1) {
      const id = make.id();
      const changeId = make.changeId();
      await left.highVolumeTier.begin(id, changeId);
      const tombstone = make.tombstone(id);
      const inline = make.inline('put');
      const calls = [
        () => left.highVolumeTier.commit(id, changeId, tombstone),
        () => right.highVolumeTier.fence(id, changeId),
        () => right.highVolumeTier.putInline(id, inline),
      ] as const;
      // Whoever is called first is sent first; all orders take their turn.
      const first = round % calls.length;
      const ordered = [...calls.slice(first), ...calls.slice(0, first)];
      const answered = await Promise.all<unknown>(ordered.map((call) => call()));
      const answers = answered.map(String);
      const row = await left.highVolumeTier.read(id);
      if (answers.includes('committed')) assert.equal(row.kind, 'tombstone');
      else assert.deepEqual(plain(row), plain(inline));
      assert.equal(answers.includes('committed'), answers.includes('tombstone'));
      assert.deepEqual(plain(await right.highVolumeTier.read(id)), plain(row));
      // Whatever was first, the intent is gone.
      const again = await right.highVolumeTier.commit(id, changeId, { kind: 'absent' });
      assert.equal(again, 'refused');
    }
  });

  it('let one change of many win that began on both', async () => {
    for (let round = 0; round < 5; round += 1) {
      const id = make.id();
      const writers = Array.from({ length: 20 }, (_, index) => ({
        tier: index % 2 === 0 ? left.highVolumeTier : right.highVolumeTier,
        changeId: make.changeId(),
        row: make.tombstone(id),
      }));
      await Promise.all(writers.map(({ tier, changeId }) => tier.begin(id, changeId)));
      const answers = await Promise.all(
        writers.map(({ tier, changeId, row }) => tier.commit(id, changeId, row)),
      );
      assert.equal(answers.filter((answer) => answer === 'committed').length, 1);
      const winner = writers[answers.indexOf('committed')]?.row;
      assert.deepEqual(plain(await right.highVolumeTier.read(id)), plain(winner));
    }
  });

  it('extend an expiry to the latest of what both were asked for', async () => {
    const id = make.id();
    const row = make.inline('idle', make.idleIn(1_000));
    await left.highVolumeTier.putInline(id, row);
    const times = Array.from({ length: 30 }, (_, index) =>
      later(left.clock.now(), 2_000 + ((index * 7) % 30)),
    );
    const extended = times.map((time, index) => {
      const { highVolumeTier } = index % 2 === 0 ? left : right;
      return highVolumeTier.extend(id, row.metadata.revision, time);
    });
    assert.ok((await Promise.all(extended)).includes('extended'));
    const head = await right.highVolumeTier.readHead(id);
    assert.ok(head.kind === 'inline');
    assert.equal(head.metadata.timeExpires, later(left.clock.now(), 2_029));
  });

  it('keep one change log', async () => {
    const changes = Array.from({ length: 60 }, () => ({
      changeId: make.changeId(),
      objectId: make.id(),
      deadline: left.clock.now(),
    }));
    await Promise.all(
      changes.map((change, index) => (index % 2 === 0 ? left : right).changeLog.record(change)),
    );
    const page = await left.changeLog.list({ examinedMax: 1_000 });
    assert.deepEqual(plain(page.changes), plain(changes));
    const second = changes[1];
    assert.ok(second);
    await left.changeLog.remove(second.changeId);
    assert.equal(await right.changeLog.get(second.changeId), undefined);
  });
});
