import { cleanup } from '@holdfast/contracts';
import assert from 'node:assert/strict';
import { inspect } from 'node:util';
import { startCleanupBed, type CleanupBed } from '../support/cleanup-bed.js';
import { fileOf } from '../support/cleanup-blobs.js';
import { canMakeUndeletable, makeUndeletable, type Heal } from '../support/cleanup-faults.js';
import { onlyLetter } from '../support/cleanup-operators.js';
import { offerJobs, reclaimOf } from '../support/cleanup-offers.js';
import { waitForNothing, waitForRemains, type Remains } from '../support/cleanup-rest.js';
import { givingUpAfter, withSoonOffers } from '../support/cleanup-settings.js';
import { keysOf, usecase, writeLarge, type Written } from '../support/cleanup-writes.js';
import { metric } from '../support/cluster-metrics.js';
import { waitUntil } from '../support/cluster-wait.js';
import { endOf, spawnHoldfast } from '../support/holdfast-command.js';
import { KiB } from '../support/loader-payloads.js';
import { requireRedis } from '../support/redis.js';
import { skipWithout } from '../support/require-all.js';

const size = 8 * KiB;
const attempts = 3;

describe('a blob that cannot be deleted', function () {
  this.timeout(120_000);
  let bed: CleanupBed;
  let heal: Heal;
  let stuck: Written;
  let left: Partial<Remains>;
  let replacedAt: number;

  before(async function () {
    requireRedis(this);
    skipWithout(this, await canMakeUndeletable(), 'the right to make a file undeletable');
    bed = await startCleanupBed({ tieredStore: withSoonOffers, worker: givingUpAfter(attempts) });
  });

  after(() => bed?.close());

  beforeEach(async () => {
    const keys = keysOf('stuck', 10);
    const [first] = await writeLarge(bed.callers, keys, size);
    await waitForNothing(bed);
    assert.ok(first !== undefined);
    stuck = first;
    heal = await makeUndeletable(await fileOf(bed, stuck.blob));
    replacedAt = Date.now();
    await writeLarge(bed.callers, keys, size);
    left = {
      changes: 1,
      deadLetters: 1,
      unnamed: [stuck.blob],
      unreferencedBytes: { [usecase]: size },
      orphanBytes: { [usecase]: size },
    };
    await waitForRemains(bed, left);
  });

  afterEach(async () => {
    await heal?.();
    const letters = await bed.operators.deadLetters();
    if (letters.length > 0) await bed.operators.retry(letters.map(({ id }) => id));
    await waitForNothing(bed);
  });

  it('is shown as a dead letter, and everything else is cleaned', async () => {
    const letter = await onlyLetter(bed.operators);
    assert.equal(letter.queue, cleanup.CleanupQueue.CHANGELOG_CLEANUP);
    assert.deepEqual(letter.objectId, { usecase, scopes: [], key: stuck.key });
    assert.deepEqual(letter.blobs, [stuck.blob]);
    assert.equal(letter.bytes, BigInt(size));
    assert.equal(letter.attempts, attempts);
    assert.equal(letter.reason, 'TIER_UNAVAILABLE');
    assert.match(letter.lastError, /EBUSY|EPERM/);
    const [firstEnqueued = 0, lastAttempt = 0] = [
      letter.timeFirstEnqueued?.getTime(),
      letter.timeLastAttempt?.getTime(),
    ];
    assert.ok(replacedAt <= firstEnqueued && firstEnqueued <= lastAttempt, inspect(letter));
    await waitUntil(
      'the metric says the same as the disk',
      () => metric(bed.worker, 'holdfast_orphan_bytes', { usecase }),
      (bytes) => bytes === size,
    );
  });

  it('goes when it is retried once it can be deleted', async () => {
    const { id } = await onlyLetter(bed.operators);
    await heal();
    assert.deepEqual(await bed.operators.retry([id]), { retried: 1, failures: [], more: false });
    await waitForNothing(bed);
  });

  it('is still shown after the worker and the store were killed and started again', async () => {
    const letter = await onlyLetter(bed.operators);
    await bed.worker.kill();
    await bed.tieredStore.kill();
    await bed.tieredStore.start();
    await bed.worker.start();
    await waitForRemains(bed, left);
    assert.deepEqual(await onlyLetter(bed.operators), letter);
  });

  it('is shown again after Redis has lost everything', async () => {
    const { id } = await onlyLetter(bed.operators);
    await bed.redis.flush();
    await waitForRemains(bed, left);
    const again = await onlyLetter(bed.operators);
    assert.equal(again.id, id);
    assert.equal(again.attempts, attempts);
  });

  it('is left alone by the sweep that offers lost changes again', async () => {
    const letter = await onlyLetter(bed.operators);
    const offered = () =>
      metric(bed.tieredStore, 'holdfast_duty_entries_total', {
        duty: 'recover-changes',
        outcome: 'offered',
      });
    const before = await offered();
    await waitUntil('it is offered again', offered, (count) => count >= before + 2);
    await waitForRemains(bed, left);
    assert.deepEqual(await onlyLetter(bed.operators), letter);
  });

  it('stays the same dead letter when it is retried in vain', async () => {
    const letter = await onlyLetter(bed.operators);
    const { retried } = await bed.operators.retry([letter.id]);
    assert.equal(retried, 1);
    const again = await waitUntil(
      'it is a dead letter again',
      () => bed.operators.deadLetters(),
      ([found]) => found !== undefined && wasTriedAfter(found, letter),
    );
    assert.deepEqual(
      again.map(({ id, attempts: tried, timeFirstEnqueued }) => [id, tried, timeFirstEnqueued]),
      [[letter.id, attempts, letter.timeFirstEnqueued]],
    );
  });

  it('is listed and retried by the command for operators', async () => {
    const { id, timeFirstEnqueued } = await onlyLetter(bed.operators);
    const listed = await holdfast(bed, 'admin', 'dead-letters', '--json');
    const letter = JSON.parse(listed) as Record<string, unknown>;
    assert.deepEqual(letter['blobs'], [stuck.blob]);
    assert.deepEqual(
      [letter['id'], letter['bytes'], letter['attempts'], letter['reason']],
      [id, size, attempts, 'TIER_UNAVAILABLE'],
    );
    assert.equal(letter['timeFirstEnqueued'], timeFirstEnqueued?.toISOString());
    await heal();
    await holdfast(bed, 'admin', 'retry', '--reason', 'TIER_UNAVAILABLE');
    await waitForNothing(bed);
    assert.equal(await holdfast(bed, 'admin', 'dead-letters'), '');
  });

  it('is discarded by the command for operators', async () => {
    const { id } = await onlyLetter(bed.operators);
    await holdfast(bed, 'admin', 'discard', id, '--because', 'a test');
    await waitForRemains(bed, { unnamed: [stuck.blob], unreferencedBytes: { [usecase]: size } });
    await heal();
    await offerJobs(bed, [reclaimOf(stuck.blob)]);
    await waitForNothing(bed);
  });

  it('is nobody’s business any more once its letter is discarded, which is written down', async () => {
    const letter = await onlyLetter(bed.operators);
    const reason = 'the disk is on its way out';
    const { discarded, failures } = await bed.operators.discard([letter.id], reason);
    assert.deepEqual([discarded, failures], [1, []]);
    const onDisk = { unnamed: [stuck.blob], unreferencedBytes: { [usecase]: size } };
    await waitForRemains(bed, onDisk);
    for (const service of [bed.worker, bed.tieredStore]) {
      const audited = service.lines.filter((line) => line.includes(reason));
      assert.equal(audited.length, 1, service.name);
    }

    // What is left is an orphan, which a sweep of those finds.
    await heal();
    await offerJobs(bed, [reclaimOf(stuck.blob)]);
    await waitForNothing(bed);
  });
});

async function holdfast({ worker }: CleanupBed, ...args: readonly string[]): Promise<string> {
  const { code, stdout, stderr } = await endOf(spawnHoldfast(args, worker.address));
  assert.equal(code, 0, stderr);
  return stdout;
}

function wasTriedAfter(letter: cleanup.DeadLetter, before: cleanup.DeadLetter): boolean {
  return (letter.timeLastAttempt ?? 0) > (before.timeLastAttempt ?? 0);
}
