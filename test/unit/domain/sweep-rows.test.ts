import { limits, type ExpiringPage, type VerifyingPage } from '@holdfast/domain';
import assert from 'node:assert/strict';
import { failNext } from '../../support/engine/hold.js';
import { large, largeBytes, small } from '../../support/engine/payloads.js';
import { unavailable } from '../../support/engine/situations.js';
import { expiringAfter, idOf } from '../../support/engine/store-under-test.js';
import { useSweptStore } from '../../support/swept-store.js';

const ttlMs = 60_000;
const entries = { entries: 1_000 };
const smallBytes = small().length;

describe('Expiring objects', () => {
  const bed = useSweptStore();
  const expire = { kind: 'expire-objects', limit: entries } as const;

  it('removes what has expired, and keeps what is live', async () => {
    await bed().store.store(idOf('a'), large(), expiringAfter(ttlMs));
    await bed().store.store(idOf('b'), small(), expiringAfter(ttlMs));
    await bed().store.store(idOf('c'), small());
    bed().store.clock.advance(ttlMs);
    const dry = await bed().sweep({ ...expire, dryRun: true });
    const { findings } = await bed().sweep(expire);
    assert.deepEqual(findings, dry.findings);
    const { scanned, removed, freedBytes, kept } = findings.counts;
    assert.deepEqual([scanned, removed, freedBytes], [3, 2, largeBytes + smallBytes]);
    assert.deepEqual(kept, { live: { entries: 1, bytes: 0 } });
    const after = await bed().sweep(expire);
    assert.deepEqual([after.findings.counts.scanned, after.findings.counts.removed], [1, 0]);
  });

  it('keeps and shows what cannot be read and what cannot be removed now', async () => {
    for (const key of ['a', 'b', 'c', 'd']) {
      await bed().store.store(idOf(key), small(), key === 'd' ? {} : expiringAfter(ttlMs));
    }
    bed().store.tiers.highVolume.damage(idOf('b'));
    bed().store.clock.advance(ttlMs);
    failNext(bed().store.highVolume, 'begin', unavailable());
    const { findings } = await bed().sweep(expire);
    const where = findings.undecidedEntries.map((entry) => entry.where);
    assert.deepEqual(where, [idOf('a').path, idOf('b').path]);
    assert.deepEqual([findings.counts.scanned, findings.counts.removed], [4, 1]);
    assert.deepEqual(findings.counts.kept, {
      live: { entries: 1, bytes: 0 },
      undecided: { entries: 2, bytes: 0 },
    });
    assert.equal(findings.usecases.length, 1);
  });

  it('goes on where it was cut short', async () => {
    for (const key of ['a', 'b', 'c', 'd', 'e']) {
      await bed().store.store(idOf(key), small(), expiringAfter(ttlMs));
    }
    bed().store.clock.advance(ttlMs);
    const removed: number[] = [];
    for (let run = 0; run < 3; run += 1) {
      const report = await bed().sweep({ ...expire, limit: { entries: 2 } });
      removed.push(report.findings.counts.removed);
    }
    assert.deepEqual(removed, [2, 2, 1]);
  });

  it('asks for small pages where bytes are limited, and ends when they are freed', async () => {
    const rows = limits.sweepStepMax + 10;
    for (let key = 0; key < rows; key += 1) {
      await bed().store.store(idOf(`${key}`), small(), expiringAfter(ttlMs));
    }
    bed().store.clock.advance(ttlMs);
    const { findings, truncated } = await bed().sweep({ ...expire, limit: { bytes: 1 } });
    assert.deepEqual([findings.counts.removed, truncated], [limits.sweepStepMax, true]);
  });

  it('asks for no more time than a step may take', async () => {
    const pages: ExpiringPage[] = [];
    bed().swept.hook('expireObjects', { before: (page) => void pages.push(page) });
    await bed().sweep({ ...expire, limit: { durationMs: 7 } });
    await bed().sweep(expire, { stepMsMax: undefined });
    assert.deepEqual(
      pages.map(({ timeMsMax }) => timeMsMax),
      [7, limits.sweptStepMsMax],
    );
  });
});

describe('Verifying objects', () => {
  const bed = useSweptStore();
  const verify = { kind: 'verify-objects', limit: entries } as const;

  it('reads what is stored, and keeps all of it', async () => {
    await bed().store.store(idOf('a'), large());
    await bed().store.store(idOf('b'), small());
    const { findings } = await bed().sweep(verify);
    const { scanned, removed, readBytes, kept } = findings.counts;
    assert.deepEqual([scanned, removed, readBytes], [2, 0, largeBytes + smallBytes]);
    assert.deepEqual(kept, { live: { entries: 2, bytes: 0 } });
    assert.deepEqual(
      findings.usecases.map(({ usecase, readBytes: bytes }) => [usecase, bytes]),
      [['engine', 0]],
    );
  });

  it('reports damage, and deletes nothing', async () => {
    await bed().store.store(idOf('a'), large());
    const [blob] = (await bed().store.holdings()).blobs;
    assert(blob !== undefined);
    bed().store.tiers.longTerm.damage(blob);
    const { findings, state } = await bed().sweep(verify);
    assert.deepEqual(
      [state, findings.damaged, findings.damage[0]?.kind],
      ['ended', 1, 'wrong-checksum'],
    );
    assert.deepEqual((await bed().store.holdings()).blobs, [blob]);
    assert.equal(findings.counts.kept.live?.entries, 1);
  });

  it('goes round: the longest unverified come first', async () => {
    for (const key of ['a', 'b', 'c']) await bed().store.store(idOf(key), large());
    const ends: boolean[] = [];
    for (let run = 0; run < 4; run += 1) {
      ends.push((await bed().sweep({ ...verify, limit: { entries: 2 } })).truncated);
    }
    assert.deepEqual(ends, [true, false, true, false]);
  });

  it('asks for as many bytes as there is room for, 1 MiB at least and 64 MiB at most', async () => {
    const asked: number[] = [];
    bed().swept.hook('verifyObjects', {
      before: ({ bytesMax }: VerifyingPage) => void asked.push(bytesMax),
    });
    const MiB = 1024 ** 2;
    for (const bytes of [1, MiB + 1, 65 * MiB]) await bed().sweep({ ...verify, limit: { bytes } });
    await bed().sweep(verify);
    assert.deepEqual(asked, [MiB, MiB + 1, 64 * MiB, 64 * MiB]);
  });

  it('keeps and shows what cannot be read', async () => {
    await bed().store.store(idOf('a'), small());
    await bed().store.store(idOf('b'), small());
    bed().store.tiers.highVolume.damage(idOf('a'));
    const { findings } = await bed().sweep(verify);
    assert.deepEqual([findings.counts.scanned, findings.undecided], [2, 1]);
    assert.deepEqual(findings.counts.kept, {
      live: { entries: 1, bytes: 0 },
      undecided: { entries: 1, bytes: 0 },
    });
  });
});
