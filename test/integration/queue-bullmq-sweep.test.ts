import { CleanupFailure, DomainError, hasCode } from '@holdfast/domain';
import type { SweepJob } from '@holdfast/queue-bullmq';
import assert from 'node:assert/strict';
import { waitUntil } from '../support/cluster-wait.js';
import { useRedisBench } from '../support/redis-bench.js';
import { recordReport } from '../support/redis-queue.js';
import {
  createRunFixtures,
  lookAtSweeps,
  startSweeps,
  untilStopped,
  type SweepsInRedis,
} from '../support/redis-sweeps.js';

const makeRun = createRunFixtures();

describe('The queue of sweeps', () => {
  const bench = useRedisBench();
  let seen: SweepsInRedis;

  beforeEach(() => {
    seen = bench.closers.add(lookAtSweeps(bench.server(), bench.redis().prefix));
  });

  it('hands a run over as it was asked for, and shows how far it is and what it did', async () => {
    const sweeps = await bench.sweeps();
    const run = makeRun({ kind: 'reclaim-orphans', ageMsMin: 5, orphansMax: 7, dryRun: true });
    const jobs: SweepJob[] = [];
    const ending = new AbortController();
    bench.closers.onClose(() => ending.abort());
    await sweeps.add(run);
    bench.closers.add(
      startSweeps(sweeps, async (job, hands) => {
        jobs.push(job);
        await hands.tell({ scanned: 3 });
        await untilStopped(job, hands, ending.signal);
        return { kind: 'done', summary: { removed: 2 } };
      }),
    );
    await waitUntil(
      'it shows how far it is',
      async () => (await seen.queue.getJob(`run-${run.runId}`))?.progress,
      (progress) => JSON.stringify(progress) === '{"scanned":3}',
    );
    ending.abort();
    const [job] = await seen.completed(1);
    assert.deepEqual(jobs, [{ kind: 'reclaim-orphans', isScheduled: false, run }]);
    assert.deepEqual(job?.returnvalue, { removed: 2 });
    assert.equal(job.name, 'reclaim-orphans');
  });

  it('takes the same run once', async () => {
    const sweeps = await bench.sweeps();
    const run = makeRun();
    for (const _ of [1, 2]) await sweeps.add(run);
    await seen.waiting(1);
  });

  it('takes back a run that waits, and none that is taken up or over', async () => {
    const sweeps = await bench.sweeps();
    const [waiting, taken] = [makeRun(), makeRun()];
    await sweeps.add(taken);
    const ending = new AbortController();
    bench.closers.onClose(() => ending.abort());
    const work = startSweeps(sweeps, async (job, hands) => {
      await untilStopped(job, hands, ending.signal);
      return { kind: 'done', summary: {} };
    });
    await waitUntil('it is taken up', () => work.kinds.length, Boolean);
    assert.equal(await sweeps.remove(taken.runId), false);
    ending.abort();
    await seen.completed(1);
    await work.stop();
    assert.equal(await sweeps.remove(taken.runId), false);
    await seen.completed(1);
    await sweeps.add(waiting);
    assert.equal(await sweeps.remove(waiting.runId), true);
    assert.equal(await sweeps.remove(waiting.runId), false);
    await seen.waiting(0);
    assert.equal(await seen.queue.getJob(`run-${waiting.runId}`), undefined);
  });

  it('takes back a run that has been put off', async () => {
    const sweeps = await bench.sweeps();
    const run = makeRun();
    await sweeps.add(run);
    const work = startSweeps(sweeps, async () => ({ kind: 'again' }));
    await waitUntil('it is put off', () => seen.queue.getDelayedCount(), Boolean);
    await work.stop();
    await waitUntil('it is taken back', () => sweeps.remove(run.runId), Boolean);
    assert.equal(await seen.queue.getJob(`run-${run.runId}`), undefined);
  });

  it('gives a scheduled job of the dead to others as the run that it has become', async () => {
    const run = makeRun();
    const proxy = await bench.proxy();
    const doomed = await bench.sweeps({ claimMs: 400 }, undefined, proxy.url);
    await doomed.schedule('expire-objects', 3_600_000);
    let isAdopted = false;
    bench.closers.add(
      startSweeps(doomed, async (job, hands, signal) => {
        await hands.adopt(run);
        isAdopted = true;
        return untilStopped(job, hands, signal);
      }),
    );
    await waitUntil('it is adopted', () => isAdopted, Boolean);
    proxy.cut();
    const jobs: SweepJob[] = [];
    bench.closers.add(
      startSweeps(await bench.sweeps({ claimMs: 400 }), async (job) => {
        jobs.push(job);
        return { kind: 'done', summary: {} };
      }),
    );
    await seen.completed(1);
    assert.deepEqual(jobs, [{ kind: 'expire-objects', isScheduled: true, run }]);
    // The next one is a run of its own.
    const [next] = await seen.queue.getDelayed();
    assert.deepEqual(next?.data, { v: 1, scheduled: true });
  });

  for (const [reason, error] of [
    ['CLOCK_OFF', new CleanupFailure('CLOCK_OFF', 'by an hour')],
    ['SHUTTING_DOWN', new DomainError({ code: 'SHUTTING_DOWN' })],
    ['INTERNAL', new Error('what')],
  ] as const) {
    it(`says why a job failed, and does not try it again: ${reason}`, async () => {
      const sweeps = await bench.sweeps();
      await sweeps.add(makeRun());
      const work = bench.closers.add(startSweeps(sweeps, () => Promise.reject(error)));
      const [job] = await seen.failed(1);
      assert.equal(job?.failedReason, `${reason}: ${error.message}`);
      assert.equal(work.kinds.length, 1);
    });
  }

  it('does not run what it cannot read', async () => {
    const sweeps = await bench.sweeps();
    await seen.queue.add('defragment', { v: 1, scheduled: true }, { attempts: 5 });
    await seen.queue.add('expire-objects', { v: 2, scheduled: true });
    await seen.queue.add('expire-objects', { v: 1, ...makeRun({ limit: {} }) });
    const work = bench.closers.add(startSweeps(sweeps));
    for (const { failedReason } of await seen.failed(3)) {
      assert.match(failedReason, /^UNKNOWN_JOB: this version cannot read the job/);
    }
    assert.deepEqual(work.kinds, []);
  });

  it('ends its work at once, and leaves what was under way to others', async () => {
    const [sweeps, others] = await Promise.all([bench.sweeps(), bench.sweeps()]);
    await sweeps.add(makeRun());
    const work = startSweeps(sweeps, untilStopped);
    await waitUntil('it runs', () => work.kinds.length, Boolean);
    await work.stop();
    await seen.waiting(1);
    bench.closers.add(startSweeps(others));
    await seen.completed(1);
  });

  it('puts a job off that is not done although its worker stays', async () => {
    const sweeps = await bench.sweeps();
    await sweeps.add(makeRun());
    let runs = 0;
    bench.closers.add(
      startSweeps(sweeps, async () => {
        runs += 1;
        return runs === 1 ? { kind: 'again' } : { kind: 'done', summary: {} };
      }),
    );
    await seen.completed(1);
    assert.equal(runs, 2);
  });

  it('gives the jobs of the dead to others, however often they die', async () => {
    const run = makeRun();
    await (await bench.sweeps()).add(run);
    for (let death = 0; death < 3; death += 1) {
      const proxy = await bench.proxy();
      const doomed = await bench.sweeps({ claimMs: 400 }, undefined, proxy.url);
      const dying = bench.closers.add(startSweeps(doomed, untilStopped));
      await waitUntil('it runs', () => dying.kinds.length, Boolean);
      proxy.cut();
    }
    const heir = bench.closers.add(startSweeps(await bench.sweeps({ claimMs: 400 })));
    await seen.completed(1);
    assert.equal(heir.kinds.length, 1);
  });

  it('tells a handler when somebody else may have taken its job over', async () => {
    const sweeps = await bench.sweeps();
    await sweeps.add(makeRun());
    let isTold = false;
    const work = bench.closers.add(
      startSweeps(sweeps, async (job, hands, signal) => {
        const outcome = await untilStopped(job, hands, signal);
        isTold = true;
        return outcome;
      }),
    );
    await waitUntil('it runs', () => work.kinds.length, Boolean);
    await bench.server().flush();
    await waitUntil('it is told', () => isTold, Boolean);
  });

  it('adds one more of a kind to the one that runs, and no more than one', async () => {
    const sweeps = await bench.sweeps();
    await sweeps.addNext('expire-objects');
    let isFirst = true;
    const work = bench.closers.add(
      startSweeps(sweeps, async () => {
        if (isFirst) for (const _ of [1, 2, 3]) await sweeps.addNext('expire-objects');
        isFirst = false;
        return { kind: 'done', summary: {} };
      }),
    );
    await seen.completed(2);
    await sweeps.addNext('expire-objects');
    await seen.completed(3);
    assert.equal(work.kinds.length, 3);
  });

  it('adds one more of a kind after one that failed', async () => {
    const sweeps = await bench.sweeps();
    bench.closers.add(startSweeps(sweeps, () => Promise.reject(new Error('no'))));
    await sweeps.addNext('expire-objects');
    await seen.failed(1);
    await sweeps.addNext('expire-objects');
    await seen.failed(2);
  });

  it('adds no second one of a kind to the one that waits', async () => {
    const sweeps = await bench.sweeps();
    for (const _ of [1, 2]) await sweeps.addNext('verify-objects');
    await sweeps.addNext('expire-objects');
    const jobs = await seen.waiting(2);
    assert.deepEqual(jobs.map(({ name }) => name).toSorted(), ['expire-objects', 'verify-objects']);
  });

  it('goes on by itself when Redis was away, and says so meanwhile', async () => {
    const report = recordReport();
    const proxy = await bench.proxy();
    const sweeps = await bench.sweeps({}, report, proxy.url);
    const work = bench.closers.add(startSweeps(sweeps));
    proxy.cut();
    const calls = [
      () => sweeps.add(makeRun()),
      () => sweeps.addNext('expire-objects'),
      () => sweeps.schedule('expire-objects', 1_000),
      () => sweeps.scheduled(),
    ];
    await waitUntil('it is lost', sweeps.isConnected, (isConnected) => !isConnected);
    for (const call of calls) {
      await assert.rejects(call, (error) => hasCode(error, 'TIER_UNAVAILABLE'));
    }
    proxy.mend();
    await waitUntil('it is back', sweeps.isConnected, Boolean);
    await sweeps.add(makeRun());
    await waitUntil('it is run', () => work.kinds.length, Boolean);
    assert.deepEqual(
      report.lines.map((line) => line.replace(/:.*/, '')),
      ['connected', 'disconnected', 'connected'],
    );
  });
});
