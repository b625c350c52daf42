import { noFindings, sweepKinds, type SweepCounts, type SweepKind } from '@holdfast/domain';
import { createManualClock } from '@holdfast/testkit';
import assert from 'node:assert/strict';
import { readSettings } from '../../../services/sweeper/src/config.js';
import { createPace } from '../../../services/sweeper/src/sweeping/pace.js';
import { createFakeQueue, noCounts, reportOf, requestOf } from './sweeper-bed.js';

const minute = 60_000;

function arrange(env: Readonly<Record<string, string>> = {}) {
  const queue = createFakeQueue(createManualClock());
  const { duties } = readSettings([], { HOLDFAST_QUEUE__URL: 'redis://127.0.0.1:1', ...env });
  return { queue, pace: createPace({ queue, duties }) };
}

function ended(kind: SweepKind, counts: Partial<SweepCounts>, truncated = false) {
  const findings = { ...noFindings, counts: { ...noCounts, ...counts } };
  return reportOf(requestOf(kind, { orphansMax: 3 }), { findings, truncated });
}

describe('The pace of scheduled sweeps', () => {
  it('has a schedule for every duty that is enabled, and for no other', async () => {
    const { queue, pace } = arrange({ HOLDFAST_DUTIES__VERIFY_OBJECTS__ENABLED: 'false' });
    await pace.keep();
    const enabled = sweepKinds.filter((kind) => kind !== 'verify-objects');
    assert.deepEqual([...queue.intervals.keys()], enabled);
    assert.equal(queue.intervals.get('recover-changes'), 5 * minute);
  });

  it('keeps an interval that another sweeper has made longer, within its bounds', async () => {
    const { queue, pace } = arrange();
    queue.intervals.set('recover-changes', 20 * minute).set('expire-objects', 600 * minute);
    await pace.keep();
    assert.equal(queue.intervals.get('recover-changes'), 20 * minute);
    assert.equal(queue.intervals.get('expire-objects'), 30 * minute);
  });

  it('is half as fast after each run that finds nothing, up to a maximum', async () => {
    const { queue, pace } = arrange();
    const intervals: unknown[] = [];
    await pace.keep();
    for (let run = 0; run < 4; run += 1) {
      await pace.follow(ended('recover-changes', { scanned: 7 }));
      intervals.push(queue.intervals.get('recover-changes'));
    }
    assert.deepEqual(intervals, [10 * minute, 20 * minute, 30 * minute, 30 * minute]);
  });

  it('is what it was again after a run that finds something', async () => {
    const { queue, pace } = arrange();
    queue.intervals.set('recover-changes', 20 * minute);
    await pace.follow(ended('recover-changes', { scanned: 7, removed: 1 }));
    assert.equal(queue.intervals.get('recover-changes'), 5 * minute);
  });

  it('goes on at once where a limit cut the run short, without becoming slower', async () => {
    const { queue, pace } = arrange();
    await pace.keep();
    await pace.follow(ended('expire-objects', { scanned: 7 }, true));
    assert.deepEqual(queue.next, ['expire-objects']);
    assert.equal(queue.intervals.get('expire-objects'), 5 * minute);
  });

  it('does not go on at once where the limit is a rate, or the queue is to be worked off first', async () => {
    const { queue, pace } = arrange();
    await pace.follow(ended('verify-objects', { scanned: 7 }, true));
    await pace.follow(ended('reclaim-orphans', { scanned: 7, removed: 3 }, true));
    assert.deepEqual(queue.next, []);
    await pace.follow(ended('reclaim-orphans', { scanned: 7, removed: 2 }, true));
    assert.deepEqual(queue.next, ['reclaim-orphans']);
  });

  it('does not go on at once where a run came nowhere', async () => {
    const { queue, pace } = arrange();
    await pace.follow(ended('expire-objects', {}, true));
    assert.deepEqual(queue.next, []);
  });

  it('stays as it is after a run that failed or was cancelled', async () => {
    const { queue, pace } = arrange();
    queue.intervals.set('recover-changes', 20 * minute);
    for (const state of ['failed', 'cancelled'] as const) {
      await pace.follow({ ...ended('recover-changes', { removed: 1 }, true), state });
    }
    assert.deepEqual([queue.next, queue.intervals.get('recover-changes')], [[], 20 * minute]);
  });
});
