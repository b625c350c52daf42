import { runSweep, type SweepDuties, type SweepDuty, type SweepRunOutcome } from '@holdfast/domain';
import type { SweepQueue } from '@holdfast/queue-bullmq';
import { systemClock as clock } from '@holdfast/service-kit';
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { waitUntil } from '../support/cluster-wait.js';
import { useRedisBench } from '../support/redis-bench.js';
import { createRunFixtures } from '../support/redis-sweeps.js';

const makeRun = createRunFixtures();
/** Generous: the machine may be busy. */
const leaseMs = 1_000;
const kind = 'expire-objects';

describe('Runs of sweeps whose steps take long, on Redis', () => {
  const bench = useRedisBench();

  function start({ ledger }: SweepQueue, step: SweepDuty['step']): Promise<SweepRunOutcome> {
    const signal = new AbortController().signal;
    const observer = { progress: noop, damage: noop, skewed: noop, lost: noop };
    const dependencies = { ledger, duties: dutiesWith(step), clock, signal, observer };
    return runSweep({ leaseMs, busyShare: 1 }, makeRun({ kind }), dependencies);
  }

  it('keep their leases meanwhile', async () => {
    const [sweeps, others] = await Promise.all([bench.sweeps(), bench.sweeps()]);
    const begunAt = clock.now();
    const outcome = await start(sweeps, async () => {
      await waitUntil(
        'the lease would have lapsed',
        clock.now,
        (now) => now > begunAt + 2 * leaseMs,
      );
      assert.equal((await others.ledger.begin(makeRun({ kind }), leaseMs)).kind, 'taken');
      return nothing;
    });
    assert.ok(outcome.kind === 'done');
    assert.deepEqual([outcome.report.state, outcome.report.error], ['ended', undefined]);
  });

  it('are given up on when Redis has lost the leases', async () => {
    const sweeps = await bench.sweeps();
    let isEnded = false;
    const outcome = await start(sweeps, async (_request, _cursor, _room, signal) => {
      const ended = once(signal, 'abort');
      await bench.server().flush();
      await ended;
      isEnded = true;
      return nothing;
    });
    assert.deepEqual([outcome, isEnded], [{ kind: 'lost' }, true]);
    assert.equal(await sweeps.ledger.running(kind), undefined);
  });
});

const noop = (): void => undefined;

const nothing = { found: [], damage: [], undecidedEntries: [] };

function dutiesWith(step: SweepDuty['step']): SweepDuties {
  const duty: SweepDuty = { begin: async () => undefined, step };
  return {
    'recover-changes': duty,
    'reclaim-orphans': duty,
    'expire-objects': duty,
    'verify-objects': duty,
  };
}
