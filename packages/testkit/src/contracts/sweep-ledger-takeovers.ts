import assert from 'node:assert/strict';
import { plain } from './row-fixtures.js';
import { longLeaseMs, reportOf, type SweepLedgerBench } from './sweep-ledger-under-test.js';

/** What the ledger promises to whoever goes on with a run that another process has begun. */
export function describeSweepTakeovers(bench: SweepLedgerBench): void {
  for (const dryRun of [false, true]) {
    it(`hands a ${dryRun ? 'dry ' : ''}run over with what it had noted`, async () => {
      await bench.past(bench.run(), { cursor: 'page 2' });
      const run = bench.run({ dryRun });
      const { lease } = await bench.begin(run);
      const noted = reportOf(run, { cursor: 'page 3', elapsedMs: 70 });
      await bench.ledger().note(lease, noted, longLeaseMs);
      const heir = await bench.begin(run, bench.current().other);
      assert.equal(heir.cursor, 'page 3');
      assert.deepEqual(plain(heir.before), plain(noted));
    });
  }

  it('hands a run over that had noted nothing', async () => {
    await bench.past(bench.run(), { cursor: 'page 2' });
    const run = bench.run();
    await bench.begin(run);
    const heir = await bench.begin(run, bench.current().other);
    assert.deepEqual([heir.cursor, heir.before], ['page 2', undefined]);
  });

  it('hands a run over that had noted to be at the beginning', async () => {
    await bench.past(bench.run(), { cursor: 'page 2' });
    const run = bench.run({ dryRun: true, fromStart: true });
    const { lease } = await bench.begin(run);
    await bench.ledger().note(lease, reportOf(run), longLeaseMs);
    assert.equal((await bench.begin(run)).cursor, undefined);
  });

  it('hands a run over whose lease has lapsed', async () => {
    const { ledger, other, leaseMs, advance } = bench.current();
    const run = bench.run();
    const { lease } = await bench.begin(run);
    const noted = reportOf(run, { cursor: 'page 3' });
    await ledger.note(lease, noted, leaseMs);
    await advance(leaseMs + 1);
    const heir = await bench.begin(run, other);
    assert.deepEqual(plain(heir.before), plain(noted));
  });

  it('does not hear any more whom a run was taken over from', async () => {
    const run = bench.run();
    const dead = await bench.begin(run);
    const heir = await bench.begin(run, bench.current().other);
    const late = reportOf(run, { cursor: 'too-late' });
    assert.equal(await bench.ledger().note(dead.lease, late, longLeaseMs), 'lost');
    assert.equal(await bench.ledger().end(dead.lease, { ...late, state: 'ended' }), 'lost');
    assert.equal(await bench.ledger().running(run.request.kind), run.runId);
    assert.equal(await bench.ledger().note(heir.lease, reportOf(run), longLeaseMs), 'go-on');
  });

  it('does not hand a run over while another one of the kind is under way', async () => {
    const { ledger, leaseMs, advance } = bench.current();
    const [first, second] = [bench.run(), bench.run()];
    const { lease } = await bench.begin(first);
    await ledger.note(lease, reportOf(first), leaseMs);
    await advance(leaseMs + 1);
    await bench.begin(second);
    const refused = await ledger.begin(first, longLeaseMs);
    assert.deepEqual(plain(refused), { kind: 'taken', runId: second.runId });
  });
}
