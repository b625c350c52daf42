import {
  createManualClock,
  createMemorySweepLedger,
  describeSweepLedger,
  type SweepLedgerUnderTest,
} from '@holdfast/testkit';
import assert from 'node:assert/strict';
import {
  createSweepLedgerBench,
  reportOf,
} from '../../packages/testkit/src/contracts/sweep-ledger-under-test.js';

const reportsMax = 10;

async function open(): Promise<SweepLedgerUnderTest> {
  const clock = createManualClock();
  const ledger = createMemorySweepLedger({ clock }, { reportsMax });
  return {
    ledger,
    other: ledger,
    leaseMs: 1_000,
    reportsMax,
    advance: async (ms) => clock.advance(ms),
    takeDown: async () => ledger.setAvailable(false),
    close: async () => {},
  };
}

describeSweepLedger('The memory', open);

describe('The sweep ledger in memory', () => {
  it('forgets everything when it is flushed', async () => {
    const ledger = createMemorySweepLedger({ clock: createManualClock() });
    const bench = createSweepLedgerBench();
    const [past, run] = [bench.run(), bench.run()];
    for (const { runId, request } of [past, run]) {
      const begun = await ledger.begin({ runId, request, timeStarted: past.timeStarted }, 1_000);
      assert(begun.kind === 'begun');
      if (runId === past.runId)
        await ledger.end(begun.lease, reportOf(past, { cursor: 'c', state: 'ended' }));
    }
    ledger.flush();
    assert.deepEqual((await ledger.listReports(undefined, undefined, 10)).reports, []);
    const fresh = await ledger.begin(bench.run(), 1_000);
    assert(fresh.kind === 'begun');
    assert.equal(fresh.cursor, undefined);
  });
});
