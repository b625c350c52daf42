import { maintenance } from '@holdfast/contracts';
import type { Timestamp } from '@holdfast/domain';
import { createManualClock } from '@holdfast/testkit';
import assert from 'node:assert/strict';
import { createOrphanBytes } from '../../../services/cleanup-worker/src/orphan-bytes.js';
import { metricValue, testMetrics } from '../tiered-store/quiet.js';
import { createFakeStore, unreachable } from './fake-store.js';

const never = new AbortController().signal;

function description(
  bytes: Readonly<Record<string, bigint>>,
  time: Date,
): maintenance.DescribeStorageResponse {
  const usage = Object.entries(bytes).map(([usecase, unreferencedBytes]) => {
    return { usecase, objects: 0n, inlineBytes: 0n, blobBytes: 0n, unreferencedBytes };
  });
  return maintenance.DescribeStorageResponse.fromPartial({ usage, time, pendingChanges: 3n });
}

function arrange() {
  const clock = createManualClock();
  const store = createFakeStore();
  const metrics = testMetrics();
  const orphanBytes = createOrphanBytes({ store, metrics, clock });
  const answer = (bytes: Readonly<Record<string, bigint>>): void => {
    // What was counted less than a second ago is not counted anew.
    clock.advance(1_000);
    const time = new Date(clock.now());
    store.unreferenced = () => Promise.resolve(description(bytes, time));
  };
  const shown = (usecase: string): Promise<number | undefined> =>
    metricValue(metrics, `orphan_bytes{usecase="${usecase}"}`);
  return { clock, store, metrics, orphanBytes, answer, shown };
}

describe('The bytes that nothing refers to', () => {
  it('are not known until they have been counted', async () => {
    const { orphanBytes, metrics } = arrange();
    assert.equal(orphanBytes.latest(), undefined);
    assert.ok(Number.isNaN(await metricValue(metrics, 'orphan_bytes_age_seconds')));
  });

  it('are what the store says, by usecase and with its time', async () => {
    const { clock, orphanBytes, answer, shown, metrics } = arrange();
    answer({ photos: 300n, logs: 5n, '': 7n, nothing: 0n });
    const time = new Date(clock.now());
    await orphanBytes.refresh(never);
    const bytes = new Map([
      ['photos', 300n],
      ['logs', 5n],
      ['', 7n],
    ]);
    assert.deepEqual(orphanBytes.latest(), { bytes, time });
    assert.deepEqual([await shown('photos'), await shown('logs'), await shown('')], [300, 5, 7]);
    assert.equal(await metricValue(metrics, 'changes_pending'), 3);
    clock.advance(9_000);
    assert.equal(await metricValue(metrics, 'orphan_bytes_age_seconds'), 9);
  });

  it('are shown no more for a usecase that has none', async () => {
    const { orphanBytes, answer, shown } = arrange();
    answer({ photos: 300n, logs: 5n });
    await orphanBytes.refresh(never);
    answer({ logs: 6n });
    await orphanBytes.refresh(never);
    assert.deepEqual([await shown('photos'), await shown('logs')], [undefined, 6]);
    assert.equal(orphanBytes.latest()?.bytes.has('photos'), false);
  });

  it('stay what they were when the store cannot say', async () => {
    const { clock, orphanBytes, answer, store, shown } = arrange();
    answer({ photos: 300n });
    await orphanBytes.refresh(never);
    clock.advance(1_000);
    store.unreferenced = () => Promise.reject(unreachable());
    await assert.rejects(orphanBytes.refresh(never), /no tiered store/);
    assert.equal(await shown('photos'), 300);
    assert.equal(orphanBytes.latest()?.bytes.get('photos'), 300n);
  });

  it('are counted once for all who ask at the same time', async () => {
    const { clock, orphanBytes, store } = arrange();
    const time = new Date(clock.now());
    let counts = 0;
    let answer: () => void = () => undefined;
    store.unreferenced = () => {
      counts += 1;
      return new Promise((resolve) => {
        answer = () => resolve(description({ photos: 1n }, time));
      });
    };
    const impatient = new AbortController();
    const left = orphanBytes.refresh(impatient.signal);
    const patient = orphanBytes.refresh(never);
    impatient.abort(new Error('no time'));
    await assert.rejects(left, /no time/);
    answer();
    await patient;
    assert.deepEqual([counts, orphanBytes.latest()?.bytes.get('photos')], [1, 1n]);
    await orphanBytes.refresh(never);
    assert.equal(counts, 1);
    clock.advance(1_000);
    void orphanBytes.refresh(never);
    assert.equal(counts, 2);
  });

  it('are not counted again before four times as long has passed as that took', async () => {
    const { clock, orphanBytes, store, answer } = arrange();
    answer({ photos: 1n });
    const answered = store.unreferenced;
    let counts = 0;
    store.unreferenced = (...how) => {
      counts += 1;
      clock.advance(10_000);
      return answered(...how);
    };
    await orphanBytes.refresh(never);
    clock.advance(39_999);
    await orphanBytes.refresh(never);
    assert.equal(counts, 1);
    clock.advance(1);
    await orphanBytes.refresh(never);
    assert.equal(counts, 2);
    clock.set((clock.now() - 60_000) as Timestamp);
    await orphanBytes.refresh(never);
    assert.equal(counts, 3, 'the clock was put back');
  });

  it('that could not be counted are not asked for again at once either', async () => {
    const { clock, orphanBytes, store } = arrange();
    let counts = 0;
    store.unreferenced = () => {
      counts += 1;
      return Promise.reject(unreachable());
    };
    for (const _ of [1, 2]) await assert.rejects(orphanBytes.refresh(never), /no tiered store/);
    assert.equal(counts, 1);
    clock.advance(1_000);
    await assert.rejects(orphanBytes.refresh(never), /no tiered store/);
    assert.equal(counts, 2);
  });

  it('are told with how many blobs they are without', async () => {
    const { orphanBytes, store, metrics, clock } = arrange();
    const time = new Date(clock.now());
    store.unreferenced = async () => ({ ...description({}, time), uncountedBlobs: 4n });
    await orphanBytes.refresh(never);
    assert.equal(await metricValue(metrics, 'orphan_blobs_uncounted'), 4);
  });

  it('are not waited for by somebody who has gone', async () => {
    const { orphanBytes, store } = arrange();
    store.unreferenced = () => assert.fail('nobody wants to know');
    await assert.rejects(orphanBytes.refresh(AbortSignal.abort(new Error('gone'))), /gone/);
  });
});
