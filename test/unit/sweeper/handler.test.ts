import {
  CleanupFailure,
  DomainError,
  type SweepDuty,
  type SweepKind,
  type SweepLedger,
  type SweepRun,
} from '@holdfast/domain';
import type { SweepJob, SweepJobHands } from '@holdfast/queue-bullmq';
import { createCountingIds, createManualClock } from '@holdfast/testkit';
import assert from 'node:assert/strict';
import { readSettings } from '../../../services/sweeper/src/config.js';
import { createHandler } from '../../../services/sweeper/src/sweeping/create-handler.js';
import { observeSweeps } from '../../../services/sweeper/src/sweeping/observe-sweeps.js';
import { createPace } from '../../../services/sweeper/src/sweeping/pace.js';
import { createListener, metricValue, testMetrics } from '../tiered-store/quiet.js';
import {
  createFakeQueue,
  dutiesWith,
  noCounts,
  reportOf,
  requestOf,
  runIdOf,
  runOf,
} from './sweeper-bed.js';

const leaseMs = 30_000;
const kind: SweepKind = 'expire-objects';
const away = new DomainError({ code: 'TIER_UNAVAILABLE', tier: 'the store', why: 'it is away' });

function arrange(
  duty: Partial<SweepDuty> = {},
  env: Readonly<Record<string, string>> = {},
  ledger: Partial<SweepLedger> = {},
) {
  const clock = createManualClock();
  const queue = createFakeQueue(clock);
  const { logger, lines } = createListener();
  const metrics = testMetrics();
  const { duties } = readSettings([], { HOLDFAST_QUEUE__URL: 'redis://127.0.0.1:1', ...env });
  const handle = createHandler(
    { duties, leaseMs, busyShare: 1 },
    {
      ledger: { ...queue.ledger, ...ledger },
      duties: dutiesWith({ [kind]: duty }),
      pace: createPace({ queue, duties }),
      observer: observeSweeps({ metrics, logger, clock }),
      clock,
      ids: createCountingIds(clock),
      logger,
    },
  );
  const told: object[] = [];
  const adopted: SweepRun[] = [];
  const ending = new AbortController();
  const hands: SweepJobHands = {
    tell: async (progress) => void told.push(progress),
    adopt: async (run) => void adopted.push(run),
  };
  return {
    clock,
    queue,
    lines,
    metrics,
    told,
    adopted,
    ending,
    work: (job: SweepJob) => handle(job, hands, ending.signal),
  };
}

const scheduled: SweepJob = { kind, isScheduled: true };

/** Finds one entry a step, and as many steps as are said. */
function finding(steps: number): Partial<SweepDuty> {
  return {
    step: async (_request, cursor = '0') => {
      const next = Number(cursor) + 1;
      return {
        found: [{ usecase: 'photos', scanned: 1, removed: 1, freedBytes: 10 }],
        damage: [],
        undecidedEntries: [],
        ...(next < steps ? { next: String(next) } : {}),
      };
    },
  };
}

describe('A job of the sweep queue', () => {
  it('is a run as far as the settings go, where it was scheduled', async () => {
    const { work, queue, told } = arrange(finding(3));
    const { kind: outcome } = await work(scheduled);
    assert.equal(outcome, 'done');
    const { reports } = await queue.ledger.listReports(kind, undefined, 10);
    assert.deepEqual(
      reports.map(({ state, request, findings }) => [
        state,
        request.limit.entries,
        findings.counts.removed,
      ]),
      [['ended', 1_000_000, 3]],
    );
    const scanned = told.map((progress) => 'scanned' in progress && progress.scanned);
    assert.deepEqual(scanned, [0, 3], 'at most every second, and what it came to');
  });

  it('is the run that was asked for', async () => {
    const { work, queue } = arrange(finding(3));
    const run = runOf(requestOf(kind, { limit: { entries: 2 }, dryRun: true }));
    await work({ kind, isScheduled: false, run });
    const report = await queue.ledger.report(run.runId);
    assert.deepEqual([report?.findings.counts.scanned, report?.truncated], [2, true]);
    assert.deepEqual(queue.next, [], 'who asked for it decides whether it goes on');
  });

  it('writes down what it has found no more often than every second', async () => {
    const run = runOf(requestOf(kind));
    const noted: unknown[] = [];
    const step = finding(4).step ?? assert.fail();
    const bed = arrange({
      async step(...given) {
        noted.push((await bed.queue.ledger.report(run.runId))?.findings.counts.scanned);
        bed.clock.advance(400);
        return step(...given);
      },
    });
    await bed.work({ kind, isScheduled: false, run });
    assert.deepEqual(noted, [0, 0, 0, 3]);
    assert.equal((await bed.queue.ledger.report(run.runId))?.findings.counts.scanned, 4);
  });

  it('goes on at once in another job where the limit of the settings cut it short', async () => {
    const env = { HOLDFAST_DUTIES__EXPIRE_OBJECTS__LIMIT__ENTRIES: '2' };
    const { work, queue } = arrange(finding(3), env);
    await work(scheduled);
    assert.deepEqual(queue.next, [kind]);
  });

  it('does nothing where another run of its kind is under way', async () => {
    const { work, queue } = arrange(finding(1));
    await queue.ledger.begin(runOf(requestOf(kind), 7), leaseMs);
    const outcome = await work(scheduled);
    assert.deepEqual(outcome, {
      kind: 'done',
      summary: { skipped: 'another run is under way', runId: runIdOf(7) },
    });
  });

  it('takes over a run whose sweeper died, and counts what that one had found', async () => {
    const { work, queue, clock, metrics } = arrange(finding(3));
    const dead = runOf(requestOf(kind), 7);
    const begun = await queue.ledger.begin(dead, leaseMs);
    assert.ok(begun.kind === 'begun');
    const counts = { ...noCounts, scanned: 1, removed: 1, freedBytes: 10 };
    const report = await queue.ledger.report(dead.runId);
    assert.ok(report !== undefined);
    const findings = { ...report.findings, counts };
    await queue.ledger.note(begun.lease, { ...report, cursor: '1', findings }, leaseMs);
    clock.advance(leaseMs);
    await work(scheduled);
    const ended = await queue.ledger.report(dead.runId);
    assert.deepEqual([ended?.state, ended?.findings.counts.removed], ['ended', 3]);
    assert.equal(await metricValue(metrics, 'sweep_removed_total{kind="expire-objects"}'), 2);
  });

  it('becomes its run before that begins, where it was scheduled', async () => {
    const adopted: unknown[] = [];
    const bed = arrange({ begin: async () => void adopted.push(...bed.adopted) });
    await bed.work(scheduled);
    const { reports } = await bed.queue.ledger.listReports(kind, undefined, 10);
    const ran = reports.map(({ runId, request, timeStarted }) => ({ runId, request, timeStarted }));
    assert.deepEqual(adopted, ran);
    await bed.work({ kind, isScheduled: false, run: runOf(requestOf(kind), 5) });
    assert.equal(bed.adopted.length, 1, 'what was asked for is a run already');
  });

  it('takes over the run that it has become, although its lease has not lapsed', async () => {
    const { work, queue, adopted } = arrange(finding(3));
    const run = runOf(requestOf(kind), 7);
    await queue.ledger.begin(run, leaseMs);
    await work({ ...scheduled, run });
    const ended = await queue.ledger.report(run.runId);
    assert.deepEqual([ended?.state, ended?.findings.counts.removed], ['ended', 3]);
    assert.deepEqual(adopted, []);
  });

  it('becomes another run where the one that it had become is over', async () => {
    const { work, queue, adopted } = arrange(finding(1));
    await work(scheduled);
    const [run = assert.fail()] = adopted;
    await work({ ...scheduled, run });
    assert.equal(adopted.length, 2);
    assert.equal((await queue.ledger.listReports(kind, undefined, 10)).reports.length, 2);
  });

  it('goes back to the queue where nobody has the lease of its run any more', async () => {
    const bed = arrange({
      async step() {
        bed.clock.advance(leaseMs);
        return { found: [], damage: [], undecidedEntries: [], next: 'further' };
      },
    });
    const run = runOf(requestOf(kind));
    assert.deepEqual(await bed.work({ kind, isScheduled: false, run }), { kind: 'again' });
    assert.deepEqual(
      bed.lines.map(({ message }) => message),
      [
        "the run's lease is gone: it has lapsed, or another sweeper has it",
        'nobody has the run: its job goes back to the queue',
      ],
    );
  });

  it('is done where another sweeper has the lease of its run, or has had it', async () => {
    for (const isOver of [false, true]) {
      const run = runOf(requestOf(kind));
      const bed = arrange({
        async step() {
          const begun = await bed.queue.ledger.begin(run, leaseMs);
          assert.ok(begun.kind === 'begun');
          const report = reportOf(run.request, { runId: run.runId });
          if (isOver) await bed.queue.ledger.end(begun.lease, report);
          return { found: [], damage: [], undecidedEntries: [], next: 'further' };
        },
      });
      const outcome = await bed.work({ kind, isScheduled: false, run });
      assert.deepEqual(outcome, {
        kind: 'done',
        summary: {
          skipped: "the run's lease is gone: another sweeper has it, or has had it",
          runId: run.runId,
        },
      });
    }
  });

  it('goes back to the queue where this process ends, and is taken over at once', async () => {
    const bed = arrange({
      step: async () => {
        bed.ending.abort();
        return { found: [], damage: [], undecidedEntries: [], next: 'further' };
      },
    });
    const run = runOf(requestOf(kind));
    assert.deepEqual(await bed.work({ kind, isScheduled: false, run }), { kind: 'again' });
    bed.clock.advance(1);
    assert.equal(await bed.queue.ledger.running(kind), undefined, 'the lease is given back');
    const report = await bed.queue.ledger.report(run.runId);
    assert.deepEqual([report?.state, report?.cursor], ['running', 'further']);
  });

  it('goes back to the queue where Redis is away for longer than its lease bears', async () => {
    const end = (): Promise<never> => {
      setImmediate(() => bed.clock.advance(leaseMs));
      return Promise.reject(away);
    };
    const bed = arrange(finding(1), {}, { end });
    const run = runOf(requestOf(kind));
    assert.deepEqual(await bed.work({ kind, isScheduled: false, run }), { kind: 'again' });
    assert.equal(bed.lines.length, 1);
  });

  it('fails with the reason of its run, which is one line in the log', async () => {
    const { work, lines, metrics } = arrange({ step: () => Promise.reject(away) });
    await assert.rejects(work(scheduled), (error) => {
      assert.ok(error instanceof CleanupFailure);
      assert.deepEqual([error.reason, error.isFinal], ['TIER_UNAVAILABLE', true]);
      return true;
    });
    assert.deepEqual(
      lines.map(({ level, message }) => [level, message]),
      [['warn', 'a sweep has failed']],
    );
    const series = 'sweep_runs_total{kind="expire-objects",state="failed"}';
    assert.equal(await metricValue(metrics, series), 1);
    assert.equal(await metricValue(metrics, 'sweep_running{kind="expire-objects"}'), 0);
  });

  it('does nothing where the duty is not enabled here, unless somebody asked for it', async () => {
    const env = { HOLDFAST_DUTIES__EXPIRE_OBJECTS__ENABLED: 'false' };
    const { work, queue } = arrange(finding(1), env);
    await work(scheduled);
    assert.deepEqual((await queue.ledger.listReports(kind, undefined, 10)).reports, []);
    await work({ kind, isScheduled: false, run: runOf(requestOf(kind)) });
    assert.equal((await queue.ledger.listReports(kind, undefined, 10)).reports.length, 1);
  });

  it('is done where the run has ended but the next one could not be scheduled', async () => {
    const { work, queue, lines } = arrange(finding(1));
    queue.fault = away;
    assert.equal((await work(scheduled)).kind, 'done');
    assert.equal(lines.at(-1)?.message, 'the next sweep could not be scheduled');
  });
});
