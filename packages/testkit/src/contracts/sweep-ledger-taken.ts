import assert from 'node:assert/strict';
import { longLeaseMs, reportOf, type SweepLedgerBench } from './sweep-ledger-under-test.js';

/** What the ledger promises to whoever asked for a run that could not begin. */
export function describeSweepTaken(bench: SweepLedgerBench): void {
  it('remembers which run was in the way of another, also when it is over', async () => {
    const [winner, loser] = [bench.run(), bench.run()];
    const { lease } = await bench.begin(winner);
    assert.equal(await bench.ledger().takenBy(loser.runId), undefined);
    await bench.ledger().begin(loser, longLeaseMs);
    assert.equal(await bench.current().other.takenBy(loser.runId), winner.runId);
    await bench.ledger().end(lease, reportOf(winner, { state: 'ended' }));
    assert.equal(await bench.ledger().takenBy(loser.runId), winner.runId);
    assert.equal(await bench.ledger().takenBy(winner.runId), undefined);
  });

  it('does not take a run that could not begin for one that was', async () => {
    const [winner, loser] = [bench.run(), bench.run()];
    await bench.begin(winner);
    await bench.ledger().begin(loser, longLeaseMs);
    assert.equal(await bench.ledger().report(loser.runId), undefined);
    assert.equal(await bench.ledger().cancel(loser.runId), undefined);
    const { reports } = await bench.ledger().listReports(undefined, undefined, 10);
    assert.deepEqual(
      reports.map(({ runId }) => runId),
      [winner.runId],
    );
  });

  it('forgets what was in the way of a run that begins after all', async () => {
    const [winner, loser] = [bench.run(), bench.run()];
    const { lease } = await bench.begin(winner);
    await bench.ledger().begin(loser, longLeaseMs);
    await bench.ledger().end(lease, reportOf(winner, { state: 'ended' }));
    const begun = await bench.begin(loser);
    assert.deepEqual([begun.cursor, begun.before], [undefined, undefined]);
    assert.equal(await bench.ledger().takenBy(loser.runId), undefined);
    assert.equal((await bench.ledger().report(loser.runId))?.state, 'running');
  });

  it('says nothing of the kind of a run that had begun before', async () => {
    const { ledger, leaseMs, advance } = bench.current();
    const [first, second] = [bench.run(), bench.run()];
    await ledger.begin(first, leaseMs);
    await advance(leaseMs + 1);
    await bench.begin(second);
    assert.equal((await ledger.begin(first, longLeaseMs)).kind, 'taken');
    assert.equal(await ledger.takenBy(first.runId), undefined);
  });
}
