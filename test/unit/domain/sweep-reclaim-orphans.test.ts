import {
  blobNameOf,
  later,
  limits,
  type BlobJudgement,
  type BlobName,
  type Timestamp,
} from '@holdfast/domain';
import { createRowFixtures } from '@holdfast/testkit';
import assert from 'node:assert/strict';
import { failAll } from '../../support/engine/hold.js';
import { large, largeBytes } from '../../support/engine/payloads.js';
import { unavailable } from '../../support/engine/situations.js';
import { idOf } from '../../support/engine/store-under-test.js';
import { useSweptStore } from '../../support/swept-store.js';

const reclaim = { kind: 'reclaim-orphans', limit: { entries: 1_000 } } as const;
const ageMs = limits.orphanAgeMsMin;

describe('Reclaiming orphans', () => {
  const bed = useSweptStore();

  /** Blobs that no row names and no change owns. */
  async function leaveOrphans(count: number): Promise<readonly BlobName[]> {
    const { clock, tiers } = bed().store;
    const make = createRowFixtures(clock);
    const blobs = Array.from({ length: count }, (_, key) => {
      const metadata = make.metadata();
      const name = blobNameOf(idOf(`o${key}`), metadata.revision);
      tiers.longTerm.insert(name, metadata, large());
      return name;
    });
    return blobs.toSorted();
  }

  function enqueued(): BlobName[] {
    return bed().enqueued.flatMap((job) => (job.kind === 'reclaim-blob' ? job.blob : []));
  }

  it('puts what nothing references and is old enough on the queue, and keeps what is in use', async () => {
    const orphans = await leaveOrphans(2);
    await bed().store.store(idOf('live'), large());
    bed().store.clock.advance(ageMs);
    const { findings, state } = await bed().sweep(reclaim);
    assert.equal(state, 'ended');
    assert.deepEqual(enqueued().toSorted(), orphans);
    const { scanned, removed, freedBytes, kept } = findings.counts;
    assert.deepEqual([scanned, removed, freedBytes], [3, 2, 2 * largeBytes]);
    assert.deepEqual(kept, { live: { entries: 1, bytes: largeBytes } });
    assert.equal(findings.usecases[0]?.usecase, 'engine');
  });

  it('keeps young blobs without asking about them', async () => {
    await leaveOrphans(2);
    bed().store.clock.advance(ageMs - 1);
    failAll(bed().swept, 'judgeBlobs', new Error('nobody asks'));
    const { findings } = await bed().sweep(reclaim);
    assert.deepEqual(findings.counts.kept, { young: { entries: 2, bytes: 2 * largeBytes } });
    assert.deepEqual(enqueued(), []);
  });

  it('goes by the age that it is asked for', async () => {
    const orphans = await leaveOrphans(1);
    bed().store.clock.advance(1_000);
    await bed().sweep({ ...reclaim, ageMsMin: 1_001 });
    assert.deepEqual(enqueued(), []);
    await bed().sweep({ ...reclaim, ageMsMin: 1_000 });
    assert.deepEqual(enqueued(), orphans);
  });

  it('keeps blobs of the future at any age', async () => {
    await leaveOrphans(1);
    bed().store.clock.set(later(bed().store.clock.now(), -1));
    const { findings } = await bed().sweep({ ...reclaim, ageMsMin: 0 });
    assert.deepEqual(findings.counts.kept.young?.entries, 1);
  });

  it('asks about all blobs of a page in one call', async () => {
    await leaveOrphans(5);
    bed().store.clock.advance(ageMs);
    const asked: number[] = [];
    bed().swept.hook('judgeBlobs', { before: (blobs) => void asked.push(blobs.length) });
    await bed().sweep(reclaim);
    assert.deepEqual(asked, [5]);
  });

  it('takes a blob with a job on the queue for owned', async () => {
    const orphans = await leaveOrphans(3);
    bed().store.clock.advance(ageMs);
    await bed().sweep(reclaim);
    const again = await bed().sweep(reclaim);
    assert.deepEqual(again.findings.counts.kept.owned?.entries, 3);
    assert.equal(again.findings.counts.removed, 0);
    assert.equal(enqueued().length, orphans.length);
  });

  it('puts nothing on the queue in a dry run, and reports the same', async () => {
    await leaveOrphans(3);
    bed().store.clock.advance(ageMs);
    const dry = await bed().sweep({ ...reclaim, dryRun: true });
    assert.deepEqual(enqueued(), []);
    const real = await bed().sweep(reclaim);
    assert.deepEqual(real.findings, dry.findings);
    assert.equal(enqueued().length, 3);
  });

  for (const [what, limit] of Object.entries({
    orphans: { ...reclaim, orphansMax: 2 },
    bytes: { ...reclaim, limit: { bytes: largeBytes + 1 } },
  })) {
    it(`ends at its limit of ${what} in the middle of a page, and skips nothing`, async () => {
      const orphans = await leaveOrphans(5);
      await bed().store.store(idOf('live'), large());
      bed().store.clock.advance(ageMs);
      const removed: number[] = [];
      const truncated: boolean[] = [];
      for (let run = 0; run < 3; run += 1) {
        const report = await bed().sweep(limit);
        removed.push(report.findings.counts.removed);
        truncated.push(report.truncated);
      }
      assert.deepEqual(
        [removed, truncated],
        [
          [2, 2, 1],
          [true, true, false],
        ],
      );
      assert.deepEqual(enqueued().toSorted(), orphans);
    });
  }

  it('finds the orphans of every page', async () => {
    const orphans = await leaveOrphans(7);
    bed().store.clock.advance(ageMs);
    const pages = bed().store.tiers.longTerm.snapshot().length;
    for (let run = 0; run < pages; run += 1)
      await bed().sweep({ ...reclaim, limit: { entries: 2 } });
    assert.deepEqual(enqueued().toSorted(), orphans);
  });

  it('keeps and shows what is no blob of ours and what the store could not decide', async () => {
    const [orphan] = await leaveOrphans(1);
    bed().store.tiers.longTerm.addForeign('lost+found', 'it is a directory');
    bed().store.clock.advance(ageMs);
    failAll(bed().store.highVolume, 'readHead', unavailable());
    const { findings } = await bed().sweep(reclaim);
    const where = findings.undecidedEntries.map((entry) => entry.where).toSorted();
    assert.deepEqual(where, [orphan, 'lost+found']);
    assert.deepEqual(findings.counts.kept.undecided, { entries: 2, bytes: largeBytes });
    assert.deepEqual(enqueued(), []);
  });

  it('keeps what it got no answer about', async () => {
    await leaveOrphans(2);
    bed().store.clock.advance(ageMs);
    const one: BlobJudgement = { kind: 'gone' };
    bed().swept.hook('judgeBlobs', { instead: async () => [one] });
    const { findings } = await bed().sweep(reclaim);
    assert.deepEqual([findings.counts.scanned, findings.undecided], [2, 1]);
    assert.deepEqual(enqueued(), []);
  });

  it('refuses to begin when the clocks are more than 5 minutes apart, either way', async () => {
    await leaveOrphans(1);
    bed().store.clock.advance(ageMs);
    for (const skewMs of [limits.clockSkewMsMax + 1, -limits.clockSkewMsMax - 1]) {
      const unhook = setTime(skewMs);
      const { state, error } = await bed().sweep(reclaim);
      assert.deepEqual([state, error?.reason], ['failed', 'CLOCK_SKEWED']);
      unhook();
    }
    assert.equal(bed().skewed.length, 2);
    assert.deepEqual(enqueued(), []);
    setTime(limits.clockSkewMsMax);
    assert.equal((await bed().sweep(reclaim)).state, 'ended');
  });

  it('does not take a slow answer about the time for a skewed clock', async () => {
    const time = bed().store.clock.now();
    bed().swept.hook('time', {
      instead: async () => {
        bed().store.clock.advance(2 * limits.clockSkewMsMax);
        return later(time, 1_000);
      },
    });
    const { state } = await bed().sweep(reclaim, { leaseMs: 3_600_000 });
    assert.equal(state, 'ended');
  });

  it('fails when the queue refuses an orphan, and looks at its page again', async () => {
    await leaveOrphans(2);
    bed().store.clock.advance(ageMs);
    const restore = failAll(bed().producer, 'enqueue', unavailable());
    assert.equal((await bed().sweep(reclaim)).state, 'failed');
    restore();
    bed().queue.flush();
    assert.equal((await bed().sweep(reclaim)).findings.counts.removed, 2);
  });

  it('counts the pages before the one that fails, and goes on with that one', async () => {
    const orphans = await leaveOrphans(300);
    bed().store.clock.advance(ageMs);
    let calls = 0;
    const unhook = bed().swept.hook('judgeBlobs', {
      before: () => {
        calls += 1;
        if (calls > 1) throw unavailable();
      },
    });
    const failed = await bed().sweep(reclaim);
    const { scanned, removed } = failed.findings.counts;
    assert.equal(failed.state, 'failed');
    assert.deepEqual([scanned > 0, removed, enqueued().length], [true, scanned, scanned]);
    unhook();
    const { findings } = await bed().sweep(reclaim);
    assert.equal(findings.counts.scanned, orphans.length - scanned);
    assert.deepEqual(enqueued().toSorted(), orphans);
  });

  function setTime(skewMs: number): () => void {
    const instead = async (): Promise<Timestamp> => later(bed().store.clock.now(), skewMs);
    return bed().swept.hook('time', { instead });
  }
});
