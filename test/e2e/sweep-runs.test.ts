import assert from 'node:assert/strict';
import { constants, getPriority } from 'node:os';
import { holdStill } from '../support/cleanup-standstill.js';
import { keysOf } from '../support/cleanup-writes.js';
import { metric } from '../support/cluster-metrics.js';
import type { ClusterService, Settings } from '../support/cluster-service.js';
import { waitUntil } from '../support/cluster-wait.js';
import { failed } from '../support/loader-client.js';
import { requireRedis } from '../support/redis.js';
import { createSweepBed, startAll, startSweepBed, type SweepBed } from '../support/sweep-bed.js';
import { fullLimit, type StartedSweep, type SweepClient } from '../support/sweep-client.js';
import type { ReportMessage } from '../support/sweep-messages.js';
import { putRows } from '../support/sweep-rows.js';
import { slowSweeper } from '../support/sweep-settings.js';

/** Several steps of a sweep, at 1,000 a step. */
const rows = 5_000;

interface SlowRun extends StartedSweep {
  /** The one that is at it. */
  readonly sweeper: ClusterService;
  /** Asks another one. */
  readonly others: SweepClient;
}

describe('runs of sweepers', function () {
  this.timeout(120_000);
  let bed: SweepBed;

  before(async function () {
    requireRedis(this);
    bed = await startSweepBed({ sweeper: slowSweeper, sweeperCount: 2 });
    await putRows(bed.store, keysOf('row', rows));
  });

  after(() => bed?.close());

  afterEach(() => startAll(bed));

  /** Begins a run that has come somewhere, but not to its end. */
  async function startSlow(): Promise<SlowRun> {
    const started = await bed.sweeps.start('ExpireObjects', { fromStart: true });
    const holder = await waitUntil(
      'a sweeper is at it',
      () => whoSweeps(bed),
      (index) => index >= 0,
    );
    const sweeper = bed.sweepers[holder] ?? bed.sweeper;
    await waitUntil(
      'it has come somewhere',
      () => bed.sweeps.report(started.runId),
      ({ counts }) => (counts?.scanned ?? 0) > 0,
    );
    return { ...started, sweeper, others: bed.sweepsOf(1 - holder) };
  }

  it('step back for whoever serves on the same machine', () => {
    const { PRIORITY_BELOW_NORMAL: below } = constants.priority;
    assert.equal(getPriority(bed.sweeper.pid()), Math.max(getPriority(), below));
    assert.equal(getPriority(bed.tieredStore.pid()), getPriority());
  });

  it('are one at a time of each kind, whichever sweeper is asked', async () => {
    const run = await startSlow();
    for (const sweeps of [bed.sweeps, bed.sweepsOf(1)]) {
      const request = { limit: fullLimit };
      const { code, reason, info } = await sweeps.refusal('ExpireObjects', request);
      assert.deepEqual([code, reason], ['FAILED_PRECONDITION', 'SWEEP_RUNNING']);
      assert.equal(info?.['run_id'], run.runId);
    }
    assert.equal((await bed.sweeps.run('RecoverChanges')).state, 'SWEEP_STATE_ENDED');
    const { report, failure } = await run.end;
    assert.equal(failure, undefined);
    assert.deepEqual([report?.state, report?.counts?.scanned], ['SWEEP_STATE_ENDED', rows]);
  });

  it('go on when their callers leave', async () => {
    const run = await startSlow();
    run.leave();
    assert.equal((await run.end).failure?.code, 'CANCELLED');
    assertEnded(await endOf(bed.sweeps, run.runId));
  });

  it('end when they are cancelled by whomever, and the next ones go on there', async () => {
    const run = await startSlow();
    assert.equal(await run.others.cancel(run.runId), 'SWEEP_STATE_RUNNING');
    const { report, failure } = await run.end;
    assert.deepEqual([report?.state, failure], ['SWEEP_STATE_CANCELLED', undefined]);
    assert.equal(await bed.sweeps.cancel(run.runId), 'SWEEP_STATE_CANCELLED');
    const scanned = report?.counts?.scanned ?? 0;
    assert.ok(scanned > 0 && scanned < rows, String(scanned));
    assert.equal((await bed.sweeps.run('ExpireObjects')).counts?.scanned, rows - scanned);
    const unknown = bed.sweeps.cancel('01890000-0000-7000-8000-000000000000');
    const { code, reason } = await failed(unknown);
    assert.deepEqual([code, reason], ['NOT_FOUND', 'SWEEP_NOT_FOUND']);
  });

  it('of a sweeper that is killed are brought to their ends by another one', async () => {
    const run = await startSlow();
    await run.sweeper.kill();
    assertEnded(await endOf(run.others, run.runId));
  });

  it('of sweepers that are all killed are brought to their ends when one runs again', async () => {
    const run = await startSlow();
    await Promise.all(bed.sweepers.map((sweeper) => sweeper.kill()));
    assert.equal((await run.end).failure?.code, 'UNAVAILABLE');
    await bed.sweeper.start();
    assertEnded(await endOf(bed.sweeps, run.runId));
  });

  it('of a sweeper that is asked to end go on at another one', async () => {
    const run = await startSlow();
    assert.deepEqual(await run.sweeper.terminate(), { code: 0, signal: null });
    assertEnded(await endOf(run.others, run.runId));
  });

  it('of a sweeper that stood still are not its own any more, and it does no harm', async () => {
    const run = await startSlow();
    const goOn = await holdStill(run.sweeper);
    const report = await endOf(run.others, run.runId);
    assertEnded(report);
    const said = run.sweeper.lines.length;
    goOn();
    // It learns of its lease or, of its job, that its claim has lapsed.
    await waitUntil(
      'it knows',
      () => run.sweeper.lines.slice(said).filter((line) => line.includes(run.runId)),
      (lines) => lines.some((line) => /lease is gone|stops here/.test(line)),
    );
    assert.deepEqual(await run.others.report(run.runId), report);
    // It has not written down how far it was.
    assert.equal((await run.others.run('ExpireObjects')).counts?.scanned, rows);
  });
});

/** As by default, claims of the dead lapse before the leases of their runs do. */
const lastingLeases: Settings = {
  ...slowSweeper,
  HOLDFAST_RUNS__LEASE_MS: '4000',
  HOLDFAST_RUNS__CLAIM_MS: '4000',
  HOLDFAST_DUTIES__EXPIRE_OBJECTS__ENABLED: 'true',
  HOLDFAST_DUTIES__EXPIRE_OBJECTS__EVERY_MS: '3600000',
  HOLDFAST_DUTIES__EXPIRE_OBJECTS__EVERY_MS_MAX: '3600000',
};

describe('scheduled runs of sweepers', function () {
  this.timeout(120_000);
  let bed: SweepBed;

  before(async function () {
    requireRedis(this);
    bed = await createSweepBed({ sweeper: lastingLeases, sweeperCount: 2 });
    await bed.tieredStore.start();
    await putRows(bed.store, keysOf('row', rows));
    await startAll(bed);
  });

  after(() => bed?.close());

  it('are gone on with by another one when their sweeper is killed, and not only at the next', async () => {
    const begun = await waitUntil(
      'one has come somewhere',
      () => bed.sweeps.reports(),
      ([report]) => (report?.counts?.scanned ?? 0) > 0,
    );
    assert.equal(begun[0]?.state, 'SWEEP_STATE_RUNNING');
    const holder = await waitUntil(
      'a sweeper is at it',
      () => whoSweeps(bed),
      (index) => index >= 0,
    );
    await bed.sweepers[holder]?.kill();
    const others = bed.sweepsOf(1 - holder);
    const { runId } = begun[0];
    assert.equal((await others.report(runId)).state, 'SWEEP_STATE_RUNNING');
    assertEnded(await endOf(others, runId));
    assert.equal((await others.reports()).length, 1, 'nobody has begun another one');
  });
});

async function whoSweeps({ sweepers }: SweepBed): Promise<number> {
  const kind = { kind: 'expire-objects' };
  const running = sweepers.map((each) => metric(each, 'holdfast_sweep_running', kind));
  return (await Promise.all(running)).indexOf(1);
}

async function endOf(client: SweepClient, runId: string): Promise<ReportMessage> {
  return waitUntil(
    'the run has ended',
    () => client.report(runId),
    ({ state }) => state !== 'SWEEP_STATE_RUNNING',
  );
}

function assertEnded({ state, counts }: ReportMessage): void {
  assert.deepEqual([state, counts?.scanned], ['SWEEP_STATE_ENDED', rows]);
}
