import { namedBlob, physicalRevision, type Revision } from '@holdfast/domain';
import assert from 'node:assert/strict';
import { plain } from './row-fixtures.js';
import type { OpenHighVolumeTier } from './tier-under-test.js';
import { useSharedTier } from './use-tier.js';

export function describeConcurrency(open: OpenHighVolumeTier): void {
  describe('concurrent operations on one row', () => {
    const current = useSharedTier(open);

    it('commit exactly one of a hundred writes that share an intent', async () => {
      const { tier, make } = current.get();
      const id = make.id();
      const changeId = make.changeId();
      await tier.begin(id, changeId);
      const writes = Array.from({ length: 100 }, () => make.tombstone(id));
      const answers = await Promise.all(writes.map((write) => tier.commit(id, changeId, write)));
      assert.equal(answers.filter((answer) => answer === 'committed').length, 1);
      const winner = writes[answers.indexOf('committed')];
      assert.deepEqual(plain(await tier.read(id)), plain(winner));
    });

    it('commit exactly one of many writers that have all begun', async () => {
      const { tier, make } = current.get();
      const id = make.id();
      const writers = Array.from({ length: 50 }, () => make.tombstone(id));
      const changeIds = writers.map(() => make.changeId());
      await Promise.all(changeIds.map((changeId) => tier.begin(id, changeId)));
      const commits = writers.map((write, index) => {
        const changeId = changeIds[index];
        assert.ok(changeId);
        return tier.commit(id, changeId, write);
      });
      const answers = await Promise.all(commits);
      assert.equal(answers.filter((answer) => answer === 'committed').length, 1);
      const winner = writers[answers.indexOf('committed')];
      assert.ok(winner);
      assert.equal(namedBlob(await tier.read(id)), winner.blob);
    });

    it('let either a put or a commit through, never both', async () => {
      const { tier, make } = current.get();
      for (let round = 0; round < 30; round += 1) {
        const id = make.id();
        const changeId = make.changeId();
        await tier.begin(id, changeId);
        const put = () => tier.putInline(id, make.inline('put'));
        const commit = () => tier.commit(id, changeId, make.tombstone(id));
        const calls = round % 2 === 0 ? [put(), commit()] : [commit(), put()];
        const answers = (await Promise.all(calls)).toSorted();
        const { kind } = await tier.read(id);
        if (kind === 'inline') assert.deepEqual(answers, ['refused', 'stored']);
        else assert.deepEqual(answers, ['committed', 'tombstone']);
      }
    });

    it('let no commit through once a fence has answered', async () => {
      const { tier, make } = current.get();
      for (let round = 0; round < 30; round += 1) {
        const id = make.id();
        const changeId = make.changeId();
        await tier.begin(id, changeId);
        const commit = tier.commit(id, changeId, make.tombstone(id));
        await tier.fence(id, changeId);
        const seen = await tier.read(id);
        const answer = await commit;
        assert.equal(seen.kind, answer === 'committed' ? 'tombstone' : 'absent');
        assert.deepEqual(plain(await tier.read(id)), plain(seen));
      }
    });

    it('are seen by a read that begins after their answer', async () => {
      const { tier, make } = current.get();
      const id = make.id();
      const answered = new Set<Revision>();
      const writers = Array.from({ length: 8 }, async () => {
        for (let round = 0; round < 10; round += 1) {
          const row = make.inline('x');
          const before = new Set(answered);
          await tier.putInline(id, row);
          answered.add(row.metadata.revision);
          const seen = physicalRevision(await tier.readHead(id));
          // Another writer's may have come since, but none that one's own came after.
          assert.ok(seen !== undefined && !before.has(seen));
        }
      });
      await Promise.all(writers);
    });

    it('never show a mixture of two writes', async () => {
      const { tier, make } = current.get();
      const id = make.id();
      const put = (size: number) =>
        tier.putInline(id, {
          ...make.inline('', { size }),
          payload: new Uint8Array(size).fill(size),
        });
      await put(1);
      const writes = Array.from({ length: 60 }, (_, index) => put(index + 2));
      const reads = Array.from({ length: 60 }, async () => {
        const row = await tier.read(id);
        assert.ok(row.kind === 'inline');
        assert.equal(row.payload.length, row.metadata.size);
        assert.ok(row.payload.every((byte) => byte === row.metadata.size));
      });
      await Promise.all([...writes, ...reads]);
    });
  });
}
