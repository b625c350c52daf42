import assert from 'node:assert/strict';
import { createDutyReport } from '../../../services/tiered-store/src/duties/duty-report.js';
import { sweepAll } from '../../../services/tiered-store/src/duties/sweep.js';
import { createListener, metricValue, testMetrics } from './quiet.js';

const never = new AbortController().signal;

describe('A duty that sweeps', () => {
  function arrange(partsMax?: number) {
    const metrics = testMetrics();
    const { logger, lines } = createListener();
    const begun: number[] = [];
    const lastPart = 4;
    const sweep = sweepAll<number>(
      async (after = 0) => {
        begun.push(after);
        const next = after === lastPart ? {} : { next: after + 1 };
        const swept = { truncated: after < lastPart, failed: [], undecided: [], ...next };
        return { swept, removed: 0, offered: 10 };
      },
      createDutyReport('sweep', { metrics, logger }),
      partsMax,
    );
    return { sweep, begun, lines, metrics };
  }

  it('goes through everything, and tells once what it offered', async () => {
    const { sweep, begun, lines, metrics } = arrange();
    await sweep(never);
    assert.deepEqual(begun, [0, 1, 2, 3, 4]);
    assert.deepEqual(
      lines.map((line) => [line.level, line['offered']]),
      [['debug', 50]],
    );
    const series = 'duty_entries_total{duty="sweep",outcome="offered"}';
    assert.equal(await metricValue(metrics, series), 50);
  });

  it('does so many parts in one run, and goes on there in the next', async () => {
    const { sweep, begun } = arrange(2);
    for (let runs = 0; runs < 4; runs += 1) await sweep(never);
    assert.deepEqual(begun, [0, 1, 2, 3, 4, 0, 1]);
  });

  it('goes on in its next run where it was cut short', async () => {
    const { sweep, begun } = arrange();
    await sweep(AbortSignal.abort());
    await sweep(never);
    assert.deepEqual(begun, [0, 1, 2, 3, 4]);
  });
});
