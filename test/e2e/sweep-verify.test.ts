import assert from 'node:assert/strict';
import { readFile, rm, truncate } from 'node:fs/promises';
import { fileOf } from '../support/cleanup-blobs.js';
import { keysOf, writeLarge, type Written } from '../support/cleanup-writes.js';
import { MiB } from '../support/loader-payloads.js';
import { requireRedis } from '../support/redis.js';
import { startSweepBed, type SweepBed } from '../support/sweep-bed.js';
import { flipPayloadByte } from '../support/sweep-blobs.js';
import { sumOf } from '../support/sweep-counts.js';
import { runAll } from '../support/sweep-run-all.js';

const size = 5_000;

describe('a sweep that verifies what is stored', function () {
  this.timeout(120_000);
  let bed: SweepBed;
  let written: readonly Written[];

  before(async function () {
    requireRedis(this);
    bed = await startSweepBed();
    const large = await writeLarge(bed.store, keysOf('large', 8), size);
    const inline = await writeLarge(bed.store, keysOf('small', 4), 500);
    written = [...large, ...inline];
  });

  after(() => bed?.close());

  it('reads everything, and finds nothing wrong where nothing is', async () => {
    const { counts, damaged } = await bed.sweeps.run('VerifyObjects');
    assert.deepEqual([counts?.scanned, counts?.removed, damaged], [12, undefined, undefined]);
    assert.equal(counts?.readBytes, 8 * size + 4 * 500);
  });

  it('goes on in its next run where its bytes were used up, in the middle of a payload too', async () => {
    const [huge = ''] = keysOf('huge', 1);
    const [blob] = await writeLarge(bed.store, [huge], 5 * MiB);
    assert.ok(blob !== undefined);
    const reports = await runAll(bed.sweeps, 'VerifyObjects', { bytes: 2 * MiB });
    assert.ok(reports.length > 2);
    assert.equal(sumOf(reports, 'readBytes'), 5 * MiB + 8 * size + 4 * 500);
    assert.ok(reports.every(({ damaged }) => damaged === undefined));
  });

  it('finds a flipped byte, a blob cut off and one that is gone, and deletes nothing', async () => {
    const [flipped, cut, gone] = written;
    assert.ok(flipped !== undefined && cut !== undefined && gone !== undefined);
    await flipPayloadByte(await fileOf(bed, flipped.blob));
    await truncate(await fileOf(bed, cut.blob), 4_500);
    await rm(await fileOf(bed, gone.blob));
    const files = (await bed.payloads()).map(({ file }) => file);
    const before = await Promise.all(files.map((file) => readFile(file)));

    const report = await bed.sweeps.run('VerifyObjects');
    assert.deepEqual(
      new Map(report.damage?.map(({ blob, kind }) => [blob, kind])),
      new Map([
        [flipped.blob, 'DAMAGE_KIND_WRONG_CHECKSUM'],
        [cut.blob, 'DAMAGE_KIND_WRONG_SIZE'],
        [gone.blob, 'DAMAGE_KIND_MISSING'],
      ]),
    );
    assert.deepEqual([report.damaged, report.counts?.removed], [3, undefined]);
    assert.equal(report.state, 'SWEEP_STATE_ENDED');
    for (const { key } of [flipped, cut, gone]) {
      assert.ok(
        bed.sweeper.lines.some((line) => line.includes(key)),
        key,
      );
    }
    const after = (await bed.payloads()).map(({ file }) => file);
    assert.deepEqual(after, files);
    assert.deepEqual(await Promise.all(files.map((file) => readFile(file))), before);
  });
});
