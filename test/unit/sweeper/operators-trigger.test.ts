import { status } from '@grpc/grpc-js';
import { sweeper } from '@holdfast/contracts';
import { noFindings } from '@holdfast/domain';
import { RpcError } from '@holdfast/rpc';
import assert from 'node:assert/strict';
import { arrange, kind, leaseMs, refusedAs, takeUp } from './operators-bed.js';
import { noCounts, reportOf, requestOf, runIdOf, runOf } from './sweeper-bed.js';

const { SweepState } = sweeper;

describe('A sweep that an operator asks for', () => {
  it('tells how far it is, at least every five seconds, and its report last', async () => {
    const bed = arrange();
    const { updates, call } = bed.start();
    await bed.pass(0);
    const run = await takeUp(bed);
    await run.note({ findings: { ...noFindings, counts: { ...noCounts, scanned: 3 } } });
    await bed.pass(20_000);
    const told = updates.map((update) => update?.$case === 'progress' && update.value.runId);
    assert.ok(told.length >= 5, `${told.length} in 20 seconds`);
    assert.deepEqual(new Set(told), new Set([run.run.runId]));
    await run.end();
    await bed.pass(500);
    await call;
    const last = updates.at(-1);
    assert.ok(last?.$case === 'report');
    assert.deepEqual([last.value.runId, last.value.state], [run.run.runId, SweepState.ENDED]);
  });

  it('tells its id as soon as it has begun', async () => {
    const bed = arrange();
    const { updates } = bed.start();
    await bed.pass(1_000);
    assert.deepEqual(updates, []);
    await takeUp(bed);
    await bed.pass(250);
    assert.equal(updates.length, 1);
    bed.draining.abort();
  });

  it('is written down with who asked', async () => {
    const bed = arrange();
    bed.start();
    await bed.pass(0);
    const [line] = bed.lines;
    assert.deepEqual([line?.['audit'], line?.['kind']], [true, kind]);
    assert.equal(line?.['runId'], bed.queue.added[0]?.runId);
    bed.draining.abort();
  });

  it('is refused while another one is under way, whose id it learns', async () => {
    const bed = arrange();
    await bed.queue.ledger.begin(runOf(requestOf(kind), 7), leaseMs);
    await assert.rejects(bed.start().call, (error) => {
      assert.ok(error instanceof RpcError);
      assert.deepEqual([error.code, error.reason], [status.FAILED_PRECONDITION, 'SWEEP_RUNNING']);
      assert.deepEqual(error.info, { run_id: runIdOf(7) });
      return true;
    });
    assert.deepEqual(bed.queue.added, []);
  });

  it('is refused, too, where another one came first after all, and has ended at once', async () => {
    const bed = arrange();
    const { call } = bed.start();
    await bed.pass(0);
    const winner = runOf(requestOf(kind), 7);
    const begun = await bed.queue.ledger.begin(winner, leaseMs);
    assert.ok(begun.kind === 'begun');
    const [loser = assert.fail()] = bed.queue.added;
    assert.equal((await bed.queue.ledger.begin(loser, leaseMs)).kind, 'taken');
    await bed.queue.ledger.end(begun.lease, reportOf(winner.request, { runId: winner.runId }));
    await bed.pass(500);
    await assert.rejects(call, (error) => {
      assert.ok(error instanceof RpcError);
      assert.deepEqual([error.reason, error.info], ['SWEEP_RUNNING', { run_id: winner.runId }]);
      return true;
    });
  });

  it('is not refused where another one runs while it waits for its turn', async () => {
    const bed = arrange();
    const { call, updates } = bed.start();
    await bed.pass(0);
    const other = runOf(requestOf(kind), 7);
    const begun = await bed.queue.ledger.begin(other, leaseMs);
    assert.ok(begun.kind === 'begun');
    await bed.pass(500);
    await bed.queue.ledger.end(begun.lease, reportOf(other.request, { runId: other.runId }));
    const run = await takeUp(bed);
    await run.end();
    await bed.pass(500);
    await call;
    assert.equal(updates.at(-1)?.$case, 'report');
  });

  it('is taken back where no sweeper has taken it up for a minute', async () => {
    const bed = arrange();
    const { call } = bed.start();
    await bed.pass(61_000);
    await assert.rejects(call, (error) => {
      assert.ok(error instanceof RpcError);
      assert.deepEqual(
        [error.reason, error.info],
        ['QUEUE_UNAVAILABLE', { run_id: bed.queue.added[0]?.runId }],
      );
      return /no sweeper has taken the run up: it does not begin any more/.test(error.message);
    });
    assert.equal(bed.queue.waiting.size, 0);
  });

  it('is not waited for where nobody has had it for a minute', async () => {
    const bed = arrange();
    const { call, updates } = bed.start();
    await bed.pass(0);
    const { run } = await takeUp(bed);
    await bed.pass(leaseMs + 50_000);
    const before = updates.length;
    await bed.pass(9_000);
    assert.ok(updates.length > before, 'its caller still hears of it');
    await bed.pass(2_000);
    await assert.rejects(call, (error) => {
      assert.ok(error instanceof RpcError);
      assert.deepEqual([error.code, error.info], [status.UNAVAILABLE, { run_id: run.runId }]);
      return /no sweeper has the run any more/.test(error.message);
    });
  });

  it('is followed where another sweeper goes on with it in time', async () => {
    const bed = arrange();
    const { call } = bed.start();
    await bed.pass(0);
    await takeUp(bed);
    await bed.pass(leaseMs + 50_000);
    const heir = await takeUp(bed);
    await bed.pass(50_000);
    await heir.end();
    await bed.pass(500);
    await call;
  });

  it('fails for its caller as it failed, after its report', async () => {
    const bed = arrange();
    const { updates, call } = bed.start();
    await bed.pass(0);
    const run = await takeUp(bed);
    const error = { reason: 'CLOCK_SKEWED', message: 'the clocks are 400000 ms apart' };
    await run.end({ state: 'failed', error });
    await bed.pass(500);
    await assert.rejects(call, (failure) => {
      assert.ok(failure instanceof RpcError);
      assert.deepEqual(
        [failure.code, failure.reason],
        [status.FAILED_PRECONDITION, 'CLOCK_SKEWED'],
      );
      return true;
    });
    const last = updates.at(-1);
    assert.ok(last?.$case === 'report');
    assert.deepEqual([last.value.state, last.value.error?.code], [SweepState.FAILED, 9]);
  });

  it('goes on when its caller leaves', async () => {
    const bed = arrange();
    const caller = new AbortController();
    const { call } = bed.start(caller.signal);
    await bed.pass(0);
    const run = await takeUp(bed);
    caller.abort(new Error('gone'));
    await assert.rejects(call, /gone/);
    assert.equal(await run.note({}), 'go-on');
  });

  it('leaves its caller with its id where this process ends', async () => {
    const bed = arrange();
    const { call } = bed.start();
    await bed.pass(0);
    await takeUp(bed);
    bed.draining.abort();
    await assert.rejects(call, (error) => {
      assert.ok(error instanceof RpcError);
      assert.equal(error.reason, 'SHUTTING_DOWN');
      assert.match(error.message, /the run goes on: `holdfast admin sweep reports` tells how/);
      return error.info['run_id'] === bed.queue.added[0]?.runId;
    });
  });

  it('is not begun while Redis is away', async () => {
    const bed = arrange();
    bed.queue.ledger.setAvailable(false);
    await assert.rejects(bed.start().call, refusedAs('QUEUE_UNAVAILABLE'));
  });

  it('is followed through a Redis that is away for a while, and no longer than a minute', async () => {
    const bed = arrange();
    const { call, updates } = bed.start();
    await bed.pass(0);
    await takeUp(bed);
    bed.queue.ledger.setAvailable(false);
    await bed.pass(50_000);
    bed.queue.ledger.setAvailable(true);
    await bed.pass(5_000);
    bed.queue.ledger.setAvailable(false);
    const before = updates.length;
    await bed.pass(59_000);
    assert.ok(updates.length > before, 'its caller still hears of it');
    await bed.pass(2_000);
    await assert.rejects(call, refusedAs('QUEUE_UNAVAILABLE'));
  });
});
