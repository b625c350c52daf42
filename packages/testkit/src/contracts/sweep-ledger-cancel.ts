import assert from 'node:assert/strict';
import { longLeaseMs, reportOf, type SweepLedgerBench } from './sweep-ledger-under-test.js';

/** What the ledger promises to those who want a run to end. */
export function describeSweepCancel(bench: SweepLedgerBench): void {
  it('tells a run at its next note that it is to end, as often as it asks', async () => {
    const run = bench.run();
    const { lease } = await bench.begin(run);
    assert.equal(await bench.ledger().note(lease, reportOf(run), longLeaseMs), 'go-on');
    assert.equal(await bench.current().other.cancel(run.runId), 'running');
    for (const _ of [1, 2]) {
      assert.equal(await bench.ledger().renew(lease, longLeaseMs), 'cancelled');
      assert.equal(await bench.ledger().note(lease, reportOf(run), longLeaseMs), 'cancelled');
    }
  });

  it('notes what a run says that is to end', async () => {
    const run = bench.run();
    const { lease } = await bench.begin(run);
    await bench.ledger().note(lease, reportOf(run), longLeaseMs);
    await bench.ledger().cancel(run.runId);
    await bench.ledger().note(lease, reportOf(run, { cursor: 'page 2' }), longLeaseMs);
    assert.equal((await bench.ledger().report(run.runId))?.cursor, 'page 2');
    await bench.ledger().end(lease, reportOf(run, { state: 'cancelled', cursor: 'page 2' }));
    assert.equal((await bench.begin(bench.run())).cursor, 'page 2');
  });

  it('cancels a run that has begun and noted nothing yet', async () => {
    const run = bench.run();
    const { lease } = await bench.begin(run);
    assert.equal(await bench.ledger().cancel(run.runId), 'running');
    assert.equal(await bench.ledger().note(lease, reportOf(run), longLeaseMs), 'cancelled');
  });

  it('tells whoever takes a cancelled run over', async () => {
    const run = bench.run();
    const { lease } = await bench.begin(run);
    await bench.ledger().note(lease, reportOf(run), longLeaseMs);
    await bench.ledger().cancel(run.runId);
    const heir = await bench.begin(run, bench.current().other);
    assert.equal(await bench.ledger().note(heir.lease, reportOf(run), longLeaseMs), 'cancelled');
  });

  it('cancels one run and not the next of its kind', async () => {
    const [first, second] = [bench.run(), bench.run()];
    const { lease } = await bench.begin(first);
    await bench.ledger().note(lease, reportOf(first), longLeaseMs);
    await bench.ledger().cancel(first.runId);
    await bench.ledger().end(lease, reportOf(first, { state: 'cancelled' }));
    const next = await bench.begin(second);
    assert.equal(await bench.ledger().note(next.lease, reportOf(second), longLeaseMs), 'go-on');
  });

  for (const state of ['ended', 'cancelled'] as const) {
    it(`answers that a run is ${state} that is to be cancelled after that`, async () => {
      const run = bench.run();
      await bench.past(run, { state });
      assert.equal(await bench.ledger().cancel(run.runId), state);
      assert.equal((await bench.ledger().report(run.runId))?.state, state);
    });
  }

  it('knows no run that never was', async () => {
    assert.equal(await bench.ledger().cancel(bench.run().runId), undefined);
  });
}
