import { hasCode, type SweepRun } from '@holdfast/domain';
import type { SweepQueue } from '@holdfast/queue-bullmq';
import assert from 'node:assert/strict';
import { useRedisBench } from '../support/redis-bench.js';
import { recordReport } from '../support/redis-queue.js';
import { createRunFixtures, endedReport } from '../support/redis-sweeps.js';

const makeRun = createRunFixtures();
const leaseMs = 60_000;

describe('The ledger of sweeps among what it cannot read', () => {
  const bench = useRedisBench();

  const keyOf = (what: string): string => `${bench.redis().prefix}:sweeper:${what}`;

  async function past(sweeps: SweepQueue, cursor?: string): Promise<SweepRun> {
    const run = makeRun();
    const begun = await sweeps.ledger.begin(run, leaseMs);
    assert.ok(begun.kind === 'begun');
    await sweeps.ledger.end(begun.lease, endedReport(run, { cursor }));
    return run;
  }

  const unreadable: Readonly<Record<string, (text: string) => string>> = {
    'is of a newer version': (text) => text.replace('"v":1', '"v":2'),
    'is no JSON': (text) => text.slice(1),
    'is of another run': (text) =>
      text.replaceAll(/"runId":"[^"]*"/g, `"runId":"${makeRun().runId}"`),
    'has a state that is not known': (text) => text.replace('"ended"', '"paused"'),
    'has a count below 0': (text) => text.replace('"scanned":0', '"scanned":-1'),
    'has no limit': (text) => text.replace('{"entries":10}', '{}'),
    'is empty': () => '',
  };

  for (const [what, spoil] of Object.entries(unreadable)) {
    it(`lists the others, reports and keeps a report that ${what}`, async () => {
      const report = recordReport();
      const sweeps = await bench.sweeps({}, report);
      const runs = [await past(sweeps), await past(sweeps), await past(sweeps)];
      const [, spoilt] = runs;
      assert.ok(spoilt);
      const key = keyOf(`run:${spoilt.runId}`);
      const text = spoil(String(await bench.server().send('HGET', key, 'report')));
      await bench.server().send('HSET', key, 'report', text);
      const { reports } = await sweeps.ledger.listReports(undefined, undefined, 10);
      assert.deepEqual(
        new Set(reports.map(({ runId }) => runId)),
        new Set(runs.filter((run) => run !== spoilt).map(({ runId }) => runId)),
      );
      assert.match(report.lines.at(-1) ?? '', /^failed: the reports of sweeps: .*cannot be read/);
      for (const ask of [
        () => sweeps.ledger.report(spoilt.runId),
        () => sweeps.ledger.begin(spoilt, leaseMs),
      ]) {
        await assert.rejects(ask, (error) => hasCode(error, 'UNREADABLE'));
      }
      assert.equal(await bench.server().send('HGET', key, 'report'), text);
    });
  }

  it('leaves out what is no run at all', async () => {
    const sweeps = await bench.sweeps();
    await past(sweeps);
    await bench.server().send('ZADD', keyOf('runs:expire-objects'), '5', 'by hand');
    const { reports } = await sweeps.ledger.listReports(undefined, undefined, 10);
    assert.equal(reports.length, 1);
  });

  it('begins at the beginning where it cannot read how far a kind has come', async () => {
    const sweeps = await bench.sweeps();
    await past(sweeps, 'page 2');
    const key = keyOf('cursor:expire-objects');
    assert.equal(await bench.server().send('GET', key), '1 page 2');
    await bench.server().send('SET', key, '2 page 2');
    const begun = await sweeps.ledger.begin(makeRun(), leaseMs);
    assert.ok(begun.kind === 'begun');
    assert.equal(begun.cursor, undefined);
  });

  it('forgets a run that nobody goes on with, and in the end all of them', async () => {
    const sweeps = await bench.sweeps();
    const { runId } = await past(sweeps);
    const dead = makeRun();
    await sweeps.ledger.begin(dead, leaseMs);
    const [keptMs, leftMs] = await Promise.all(
      [runId, dead.runId].map((id) => bench.server().send('PTTL', keyOf(`run:${id}`))),
    );
    const dayMs = 24 * 3_600_000;
    assert.ok(Number(leftMs) > 0 && Number(leftMs) <= dayMs);
    assert.ok(Number(keptMs) > dayMs);
    await bench.server().send('DEL', keyOf(`run:${dead.runId}`));
    const { reports } = await sweeps.ledger.listReports(undefined, undefined, 10);
    assert.deepEqual(
      reports.map((report) => report.runId),
      [runId],
    );
  });
});
