import { limits, type SweepKind, type SweepLedger, type Timestamp } from '@holdfast/domain';
import { createManualClock, createMemorySweepLedger, withHooks } from '@holdfast/testkit';
import assert from 'node:assert/strict';
import { longFindings } from '../../../packages/testkit/src/contracts/sweep-ledger-under-test.js';
import { abandonedRun } from '../../../services/sweeper/src/sweeping/abandoned-run.js';
import { reportOf, requestOf, runOf } from './sweeper-bed.js';

const kind: SweepKind = 'expire-objects';
const leaseMs = 30_000;

describe('A run that was left behind', () => {
  function arrange() {
    const clock = createManualClock();
    const hooked = withHooks<SweepLedger>(createMemorySweepLedger({ clock }));
    const ledger = hooked.port;

    async function begin(number: number, laterMs = 0) {
      const { runId, request, timeStarted } = runOf(requestOf(kind), number);
      const run = { runId, request, timeStarted: (timeStarted + laterMs) as Timestamp };
      const begun = await ledger.begin(run, leaseMs);
      assert.ok(begun.kind === 'begun');
      return { run, lease: begun.lease };
    }

    async function past(number: number, laterMs: number) {
      const { run, lease } = await begin(number, laterMs);
      const { runId, timeStarted } = run;
      const findings = longFindings();
      await ledger.end(lease, reportOf(run.request, { runId, timeStarted, findings }));
    }

    return { clock, hooked, ledger, begin, past };
  }

  it('is none while its lease lasts, and found once it has lapsed', async () => {
    const { clock, ledger, begin } = arrange();
    const { run } = await begin(1);
    assert.equal(await abandonedRun(ledger, kind), undefined);
    clock.advance(leaseMs);
    assert.deepEqual(await abandonedRun(ledger, kind), run);
  });

  it('is found behind many that say that they are newer, and are long', async () => {
    const { clock, ledger, begin, past } = arrange();
    const { run } = await begin(1);
    clock.advance(leaseMs);
    for (let number = 2; number <= 60; number += 1) await past(number, number * 1_000);
    const { reports } = await ledger.listReports(kind, undefined, limits.sweepEntriesMax);
    assert.ok(reports.length < 59, 'they are more than one page');
    assert.deepEqual(await abandonedRun(ledger, kind), run);
  });

  it('is none that somebody goes on with while it is looked for', async () => {
    const { clock, hooked, ledger, begin } = arrange();
    await begin(1);
    clock.advance(leaseMs);
    hooked.hook('listReports', { after: async () => void (await begin(1)) });
    assert.equal(await abandonedRun(ledger, kind), undefined);
  });

  it('is none where all are over', async () => {
    const { ledger, past } = arrange();
    await past(1, 0);
    assert.equal(await abandonedRun(ledger, kind), undefined);
  });
});
