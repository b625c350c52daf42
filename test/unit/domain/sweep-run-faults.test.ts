import { DomainError, hasCode } from '@holdfast/domain';
import assert from 'node:assert/strict';
import { failAll, failNext } from '../../support/engine/hold.js';
import {
  createSweepBed,
  dieAfter,
  dutiesOf,
  liveEntries,
  options,
  pagesOf,
  type SweepBed,
} from '../../support/sweep-run-bed.js';

const down = new DomainError({ code: 'TIER_UNAVAILABLE', tier: 'x', why: 'the test says so' });

describe('A run of a sweep that does not go well', () => {
  let bed: SweepBed;
  beforeEach(() => {
    bed = createSweepBed();
  });

  it('fails where the last good step ended, and the next one goes on from there', async () => {
    const duties = pagesOf(9, (_, at) => {
      if (at === '2') throw down;
    });
    const outcome = await bed.start(bed.newRun(), duties);
    assert(outcome.kind === 'done');
    const { report, cause } = outcome;
    assert.equal(cause, down);
    assert.deepEqual([report.state, report.truncated, report.cursor], ['failed', false, '2']);
    assert.deepEqual(report.error, { reason: 'TIER_UNAVAILABLE', message: down.message });
    assert.equal(report.findings.counts.scanned, 20);
    const next = await bed.report({ limit: { entries: 10 } }, pagesOf(9));
    assert.equal(next.cursor, '3');
  });

  it('says of an unexpected error that it is internal, and cuts its text', async () => {
    const duties = pagesOf(1, () => {
      throw new Error('x'.repeat(5_000));
    });
    const { error } = await bed.report({}, duties);
    assert.deepEqual([error?.reason, error?.message.length], ['INTERNAL', 1_000]);
  });

  it('fails before its first step when the clocks are too far apart, and raises an alarm', async () => {
    const skew = new DomainError({ code: 'CLOCK_SKEWED', skewMs: 7, skewMsMax: 5 });
    const begin = async (): Promise<void> => {
      throw skew;
    };
    const step = async (): Promise<never> => assert.fail('no step is taken');
    const report = await bed.report({}, dutiesOf({ begin, step }));
    assert.deepEqual([report.state, report.error?.reason], ['failed', 'CLOCK_SKEWED']);
    assert.deepEqual(bed.skewed, [7]);
  });

  it('is not begun while another one of the kind is under way', async () => {
    const other = bed.newRun();
    await bed.memory.begin(other, options.leaseMs);
    const step = async (): Promise<never> => assert.fail('no step is taken');
    const outcome = await bed.start(bed.newRun(), dutiesOf({ step }));
    assert.deepEqual(outcome, { kind: 'taken', runId: other.runId });
  });

  it('answers its report when it is started once more after its end', async () => {
    const run = bed.newRun();
    const first = await bed.start(run, pagesOf(2));
    const step = async (): Promise<never> => assert.fail('no step is taken');
    assert.deepEqual(await bed.start(run, dutiesOf({ step })), first);
  });

  it('ends at the step at which it is cancelled', async () => {
    const run = bed.newRun();
    const duties = pagesOf(9, async (_, at) => {
      if (at === '1') await bed.memory.cancel(run.runId);
    });
    const outcome = await bed.start(run, duties);
    assert(outcome.kind === 'done');
    const { report } = outcome;
    assert.deepEqual([report.state, report.truncated, report.cursor], ['cancelled', false, '2']);
    assert.equal(report.findings.counts.scanned, 20);
  });

  it('writes nothing any more when it has lost its lease', async () => {
    const run = bed.newRun();
    const duties = pagesOf(9, (_, at) => {
      if (at === '1') bed.clock.advance(options.leaseMs);
    });
    assert.deepEqual(await bed.start(run, duties), { kind: 'lost' });
    assert.equal((await bed.memory.report(run.runId))?.cursor, '1');
    assert.equal(bed.lost.length, 1);
  });

  it('does not end what it has lost in its last step', async () => {
    const run = bed.newRun();
    const duties = pagesOf(1, () => bed.clock.advance(options.leaseMs));
    assert.deepEqual(await bed.start(run, duties), { kind: 'lost' });
    assert.equal((await bed.memory.report(run.runId))?.state, 'running');
  });

  it('goes on counting where it was taken over, and repeats no more than one step', async () => {
    const run = bed.newRun({ limit: { entries: 50 } });
    const dead = bed.start(
      run,
      pagesOf(9, async (_, at) => {
        bed.clock.advance(10);
        if (at === '2') await new Promise(() => {});
      }),
    );
    while (bed.progress.length < 3) await Promise.race([dead, Promise.resolve()]);
    const cursors: unknown[] = [];
    const outcome = await bed.start(
      run,
      pagesOf(9, (_, at) => void cursors.push(at)),
    );
    assert(outcome.kind === 'done');
    assert.deepEqual(cursors, ['2', '3', '4']);
    const { findings, elapsedMs, timeStarted, truncated } = outcome.report;
    assert.deepEqual([findings.counts.scanned, findings.usecases[0]?.scanned], [50, 50]);
    assert.deepEqual([elapsedMs, timeStarted, truncated], [20, run.timeStarted, true]);
  });

  it('counts every page once wherever its process dies', async () => {
    const callsMax = 11;
    for (let calls = 1; calls <= callsMax; calls += 1) {
      bed = createSweepBed();
      const run = bed.newRun();
      const revive = dieAfter(bed, calls);
      await assert.rejects(bed.start(run, pagesOf(9)), /the process is dead/);
      revive();
      const outcome = await bed.start(run, pagesOf(9));
      assert(outcome.kind === 'done');
      const { state, findings } = outcome.report;
      assert.deepEqual([state, findings.counts.scanned], ['ended', 90], `after ${calls} calls`);
    }
  });

  it('begins at the beginning once, and not again when it is taken over', async () => {
    await bed.report({ limit: { entries: 30 } }, pagesOf(9));
    const run = bed.newRun({ fromStart: true, limit: { entries: 20 } });
    const stop = new AbortController();
    const duties = pagesOf(9, () => stop.abort());
    assert.deepEqual(await bed.start(run, duties, { signal: stop.signal }), { kind: 'stopped' });
    const outcome = await bed.start(run, pagesOf(9));
    assert(outcome.kind === 'done');
    assert.equal(outcome.report.cursor, '2');
  });

  it('notes where it is when it is stopped, and gives its lease back', async () => {
    const run = bed.newRun();
    const stop = new AbortController();
    const duties = pagesOf(9, (_, at) => {
      if (at !== '2') return;
      stop.abort();
      throw new Error('torn down');
    });
    assert.deepEqual(await bed.start(run, duties, { signal: stop.signal }), { kind: 'stopped' });
    const noted = await bed.memory.report(run.runId);
    assert.deepEqual([noted?.state, noted?.cursor], ['running', '2']);
    bed.clock.advance(1);
    assert.equal(await bed.memory.running('reclaim-orphans'), undefined);
  });

  it('tells its observer of its last step before it is stopped', async () => {
    const stop = new AbortController();
    const duties = pagesOf(9, (_, at) => {
      if (at === '2') stop.abort();
    });
    await bed.start(bed.newRun(), duties, { signal: stop.signal });
    assert.equal(bed.progress.at(-1)?.findings.counts.scanned, 30);
  });

  it('does not begin a step when it is cancelled before the first one', async () => {
    const run = bed.newRun();
    const begin = async (): Promise<void> => void (await bed.memory.cancel(run.runId));
    const step = async (): Promise<never> => assert.fail('no step is taken');
    const outcome = await bed.start(run, dutiesOf({ begin, step }));
    assert(outcome.kind === 'done');
    assert.equal(outcome.report.state, 'cancelled');
  });

  it('is stopped although the ledger cannot be reached', async () => {
    const stop = new AbortController();
    const duties = pagesOf(9, () => {
      stop.abort();
      bed.memory.setAvailable(false);
    });
    const outcome = await bed.start(bed.newRun(), duties, { signal: stop.signal });
    assert.deepEqual(outcome, { kind: 'stopped' });
  });

  for (const method of ['begin', 'note', 'end'] as const) {
    for (const when of ['before', 'after'] as const) {
      it(`bears that ${method} fails once, ${when} it took effect`, async () => {
        failNext(bed.ledger, method, down, when);
        const report = await bed.report({}, pagesOf(3));
        assert.deepEqual([report.state, report.findings.counts.scanned], ['ended', 30]);
        assert.deepEqual(await bed.memory.report(report.runId), report);
      });
    }
  }

  it('rejects when the ledger stays away, before its lease would have lapsed', async () => {
    const duties = pagesOf(9, (_, at) => {
      if (at === '1') failAll(bed.ledger, 'note', down);
    });
    const outcome = await bed.report({}, duties);
    assert.deepEqual([outcome.state, outcome.cursor], ['failed', '2']);
    const before = bed.clock.now();
    bed.memory.setAvailable(false);
    await assert.rejects(bed.start(bed.newRun(), pagesOf(1)), (error) =>
      hasCode(error, 'TIER_UNAVAILABLE'),
    );
    assert(bed.clock.now() - before < options.leaseMs / 2);
  });

  it('does not ask again after an error that asking again does not help', async () => {
    let calls = 0;
    bed.ledger.hook('begin', {
      before: () => {
        calls += 1;
        throw new Error('a bug');
      },
    });
    await assert.rejects(bed.start(bed.newRun(), pagesOf(1)), /a bug/);
    assert.equal(calls, 1);
  });

  it('lets runs of two sweepers at once go through every page, one after the other', async () => {
    const cursors: unknown[] = [];
    const duties = dutiesOf({
      async step(_, at) {
        cursors.push(at);
        await Promise.resolve();
        const page = Number(at ?? 0) + 1;
        return liveEntries(1, page < 5 ? String(page) : undefined);
      },
    });
    const outcomes = await Promise.all(
      [bed.newRun(), bed.newRun()].map((run) => bed.start(run, duties)),
    );
    assert.deepEqual(
      outcomes.map(({ kind }) => kind),
      ['done', 'taken'],
    );
    assert.deepEqual(cursors, [undefined, '1', '2', '3', '4']);
  });
});
