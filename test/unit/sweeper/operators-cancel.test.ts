import { sweeper } from '@holdfast/contracts';
import assert from 'node:assert/strict';
import { assertRefused, callContext } from '../../support/maintenance.js';
import { arrange, refusedAs, takeUp } from './operators-bed.js';
import { runIdOf } from './sweeper-bed.js';

const { SweepState } = sweeper;

describe('CancelSweep', () => {
  it('has a run end, and says so for who reads the log', async () => {
    const bed = arrange();
    bed.start();
    await bed.pass(0);
    const { run, note } = await takeUp(bed);
    const { state } = await bed.cancel({ runId: run.runId }, callContext());
    assert.equal(state, SweepState.RUNNING);
    assert.equal(await note({}), 'cancelled');
    assert.equal(bed.lines.at(-1)?.message, 'a sweep was cancelled');
    bed.draining.abort();
  });

  it('succeeds for a run that has ended, and says how', async () => {
    const bed = arrange();
    bed.start();
    await bed.pass(0);
    const run = await takeUp(bed);
    await run.end();
    const { state } = await bed.cancel({ runId: run.run.runId }, callContext());
    assert.equal(state, SweepState.ENDED);
    bed.draining.abort();
  });

  it('takes back a run that has not begun, and says so for who reads the log', async () => {
    const bed = arrange();
    const { call } = bed.start();
    await bed.pass(0);
    const [{ runId } = assert.fail()] = bed.queue.added;
    const { state } = await bed.cancel({ runId }, callContext());
    assert.equal(state, SweepState.CANCELLED);
    assert.equal(bed.queue.waiting.size, 0);
    assert.equal(bed.lines.at(-1)?.message, 'a sweep was cancelled');
    await bed.pass(61_000);
    await assert.rejects(call, /it was cancelled before it began/);
  });

  it('has a run end that begins just then', async () => {
    const bed = arrange();
    bed.start();
    await bed.pass(0);
    const { remove } = bed.queue;
    const [{ runId } = assert.fail()] = bed.queue.added;
    bed.queue.remove = async (given) => {
      await takeUp(bed);
      return remove(given);
    };
    const { state } = await bed.cancel({ runId }, callContext());
    assert.equal(state, SweepState.RUNNING);
    bed.draining.abort();
  });

  it('refuses ids that name no run', async () => {
    const { cancel, queue } = arrange();
    await assertRefused(cancel({ runId: '' }, callContext()), 'INVALID_SELECTION', 'run_id');
    for (const runId of ['none', runIdOf(3)]) {
      await assert.rejects(cancel({ runId }, callContext()), refusedAs('SWEEP_NOT_FOUND'));
    }
    queue.ledger.setAvailable(false);
    await assert.rejects(
      cancel({ runId: runIdOf(3) }, callContext()),
      refusedAs('QUEUE_UNAVAILABLE'),
    );
  });
});
