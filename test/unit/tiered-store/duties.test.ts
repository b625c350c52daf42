import type { DutiesOptions } from '../../../services/tiered-store/src/duties/start-duties.js';
import { startDuties } from '../../../services/tiered-store/src/duties/start-duties.js';
import { createLocalCleanup } from '../../../services/tiered-store/src/local-cleanup.js';
import { changeIdOf } from '@holdfast/domain';
import type { AbandonedQuery } from '@holdfast/tier-filesystem';
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { failAll } from '../../support/engine/hold.js';
import { large, small } from '../../support/engine/payloads.js';
import { unavailable } from '../../support/engine/situations.js';
import { expiringAfter, idOf, useStore } from '../../support/engine/store-under-test.js';
import { openMemoryTiers } from '../../support/memory-tiers.js';
import { until } from './fake-call.js';
import { createListener, metricValue, testMetrics } from './quiet.js';

const hour = 3_600_000;
const options: DutiesOptions = {
  cleanupCheckMs: 1_000,
  recoverEveryMs: 60_000,
  expireEveryMs: hour,
  reclaimEveryMs: 24 * hour,
  removeAbandonedEveryMs: 24 * hour,
  runMsMax: 60_000,
};

interface Surroundings {
  readonly removing?: (signal: AbortSignal) => Promise<void>;
  /** Cleanup is left to a queue. */
  readonly isQueued?: boolean;
}

describe('The duties of the service', () => {
  const store = useStore(openMemoryTiers);

  function start({ removing = () => Promise.resolve(), isQueued = false }: Surroundings = {}) {
    const { clock, engine, tiers } = store();
    const metrics = testMetrics();
    const { logger, lines } = createListener();
    const localCleanup = isQueued
      ? undefined
      : createLocalCleanup({ jobsMax: 100, concurrency: 2 }, { clock, logger, metrics });
    let removals = 0;
    const storage = {
      ...tiers,
      kinds: { highVolume: 'memory', longTerm: 'memory' },
      warnings: [],
      removeAbandoned: async ({ signal }: AbandonedQuery) => {
        removals += 1;
        assert(signal !== undefined, 'it can be told to end');
        await removing(signal);
        return { examined: 3, removed: 2, removedBytes: 100 };
      },
    };
    const duties = startDuties(options, { engine, storage, localCleanup, clock, logger, metrics });
    return { duties, metrics, lines, removals: () => removals };
  }

  it('recover changes whose writers are gone, at the start and every minute', async () => {
    await store().store(idOf('a'), large(1));
    await store().store(idOf('a'), large(2));
    await store().atRest();
    assert.equal((await store().changes()).length, 1);
    store().clock.advance(2 * hour);
    const { duties, metrics } = start();
    await until(() => store().clock.sleepers() >= 5);
    assert.equal((await store().changes()).length, 0, 'the replaced blob is gone with its change');
    assert.equal((await store().holdings()).blobs.length, 1);
    assert.equal(
      await metricValue(metrics, 'duty_entries_total{duty="recover-changes",outcome="removed"}'),
      1,
    );

    await store().store(idOf('a'), large(3));
    store().clock.advance(2 * hour);
    await until(() => store().clock.sleepers() >= 5);
    await duties.stop();
    assert.equal((await store().changes()).length, 0);
  });

  it('put overdue changes on the queue, where there is one, and settle none', async () => {
    await store().store(idOf('a'), large(1));
    const { revision } = await store().store(idOf('a'), large(2));
    await store().atRest();
    const early = store().jobs.length;
    store().clock.advance(2 * hour);
    const job = { kind: 'settle-change', changeId: changeIdOf(revision) } as const;
    const { duties, metrics, lines } = start({ isQueued: true });
    await until(() => store().clock.sleepers() >= 4);
    const offered = 'duty_entries_total{duty="recover-changes",outcome="offered"}';
    assert.deepEqual(store().jobs.slice(early), [{ job, notBefore: store().clock.now() }]);
    assert.equal(await metricValue(metrics, offered), 1);
    assert.equal((await store().changes()).length, 1, 'it is for the workers to settle it');
    const line = lines.find((one) => one['duty'] === 'recover-changes');
    assert.deepEqual([line?.level, line?.['offered']], ['debug', 1]);

    store().clock.advance(2 * 60_000);
    await until(() => store().jobs.length === early + 2);
    await duties.stop();
    assert.equal(await metricValue(metrics, offered), 2, 'it is offered until it is settled');
  });

  it('leave it at that for one run when the queue takes nothing', async () => {
    for (const key of ['a', 'b']) {
      await store().store(idOf(key), large(1));
      await store().store(idOf(key), large(2));
    }
    await store().atRest();
    const early = store().jobs.length;
    store().clock.advance(2 * hour);
    const mend = failAll(store().queue, 'enqueue', unavailable());
    const { duties, metrics, lines } = start({ isQueued: true });
    await until(() => store().clock.sleepers() >= 4);
    const warnings = lines.filter(({ level }) => level === 'warn');
    assert.equal(warnings.length, 1);
    const failed = 'duty_entries_total{duty="recover-changes",outcome="failed"}';
    assert.equal(await metricValue(metrics, failed), 2);

    mend();
    store().clock.advance(2 * 60_000);
    await until(() => store().jobs.length === early + 2);
    await duties.stop();
  });

  it('remove what broken uploads left, at the start', async () => {
    const { duties, metrics, removals } = start();
    await until(() => removals() === 1);
    await duties.stop();
    assert.equal(
      await metricValue(metrics, 'duty_freed_bytes_total{duty="remove-abandoned"}'),
      100,
    );
  });

  it('end the removal of what broken uploads left when they are told to stop', async () => {
    const { duties, metrics, removals } = start({
      removing: async (signal) => {
        await once(signal, 'abort');
      },
    });
    await until(() => removals() === 1);
    await duties.stop();
    assert.equal(
      await metricValue(metrics, 'duty_freed_bytes_total{duty="remove-abandoned"}'),
      100,
      'what it had removed until then is counted',
    );
  });

  it('empty rows whose objects have expired', async () => {
    await store().store(idOf('a'), small(), expiringAfter(1_000));
    const { duties, metrics } = start();
    await until(() => store().clock.sleepers() >= 5);
    store().clock.advance(2 * hour);
    const series = 'duty_entries_total{duty="expire-objects",outcome="removed"}';
    let removed: number | undefined;
    while (removed !== 1) {
      await new Promise((resolve) => setImmediate(resolve));
      removed = await metricValue(metrics, series);
    }
    await duties.stop();
  });

  it('go on, and say so, when the storage fails', async () => {
    const fail = failAll(store().changeLog, 'list', unavailable());
    const { duties, lines, metrics } = start();
    await until(() => lines.some(({ level }) => level === 'warn'));
    fail();
    store().clock.advance(120_000);
    const series = 'duty_runs_total{duty="recover-changes",outcome="done"}';
    let done: number | undefined;
    while (done !== 1) {
      await new Promise((resolve) => setImmediate(resolve));
      done = await metricValue(metrics, series);
    }
    await duties.stop();
  });

  it('stop when they are told to, and begin nothing any more', async () => {
    const { duties, removals } = start();
    await duties.stop();
    store().clock.advance(100 * 24 * hour);
    await new Promise((resolve) => setImmediate(resolve));
    assert(removals() <= 1);
    assert.equal(store().clock.sleepers(), 0);
  });
});
