import assert from 'node:assert/strict';
import {
  createSweepBed,
  dieAfter,
  options,
  pagesOf,
  type SweepBed,
} from '../../support/sweep-run-bed.js';

const stepMs = 400;
const noteEveryMs = 1_000;

describe('A run of a sweep that notes now and then', () => {
  let bed: SweepBed;
  beforeEach(() => {
    bed = createSweepBed();
  });

  /** As `pagesOf`, and each takes its time. */
  function slowPagesOf(...[pages, look]: Parameters<typeof pagesOf>) {
    return pagesOf(pages, async (...step) => {
      await look?.(...step);
      bed.clock.advance(stepMs);
    });
  }

  function calls(): string[] {
    const made: string[] = [];
    for (const method of ['note', 'renew'] as const) {
      bed.ledger.hook(method, { before: () => void made.push(method) });
    }
    return made;
  }

  it('renews its lease at every other step', async () => {
    const made = calls();
    const report = await bed.report({}, slowPagesOf(7), { noteEveryMs });
    const noted = ['note', 'renew', 'renew'];
    assert.deepEqual(made, [...noted, ...noted, 'note']);
    assert.equal(report.findings.counts.scanned, 70);
    assert.deepEqual(await bed.memory.report(report.runId), report);
  });

  it('notes at once again when the clock is put back', async () => {
    const made = calls();
    const back = pagesOf(2, () => bed.clock.set((bed.clock.now() - 10_000) as never));
    await bed.report({}, back, { noteEveryMs });
    assert.deepEqual(made, ['note', 'note']);
  });

  it('tells its observer of every step', async () => {
    await bed.report({}, slowPagesOf(4), { noteEveryMs });
    const scanned = bed.progress.map(({ findings }) => findings.counts.scanned);
    assert.deepEqual(scanned, [0, 10, 20, 30]);
  });

  it('notes all of it when it is stopped', async () => {
    const run = bed.newRun();
    const stop = new AbortController();
    const duties = slowPagesOf(9, (_, at) => {
      if (at === '1') stop.abort();
    });
    const outcome = await bed.start(run, duties, { noteEveryMs, signal: stop.signal });
    assert.deepEqual(outcome, { kind: 'stopped' });
    const noted = await bed.memory.report(run.runId);
    assert.deepEqual([noted?.cursor, noted?.findings.counts.scanned], ['2', 20]);
  });

  it('ends at the step at which it is cancelled', async () => {
    const run = bed.newRun();
    const duties = slowPagesOf(9, async (_, at) => {
      if (at === '1') await bed.memory.cancel(run.runId);
    });
    const outcome = await bed.start(run, duties, { noteEveryMs });
    assert(outcome.kind === 'done');
    const { state, cursor } = outcome.report;
    assert.deepEqual([state, cursor], ['cancelled', '2']);
  });

  it('is lost, and writes nothing more, when its lease lapses between two notes', async () => {
    const run = bed.newRun();
    const duties = slowPagesOf(9, (_, at) => {
      if (at === '1') bed.clock.advance(options.leaseMs);
    });
    assert.deepEqual(await bed.start(run, duties, { noteEveryMs }), { kind: 'lost' });
    assert.equal((await bed.memory.report(run.runId))?.cursor, undefined);
  });

  it('counts every page once wherever its process dies, and repeats what was not noted', async () => {
    const callsMax = 11;
    for (let dead = 1; dead <= callsMax; dead += 1) {
      bed = createSweepBed();
      const run = bed.newRun();
      const revive = dieAfter(bed, dead);
      const looked: unknown[] = [];
      const duties = slowPagesOf(9, (_, at) => void looked.push(at));
      await assert.rejects(bed.start(run, duties, { noteEveryMs }), /the process is dead/);
      revive();
      const outcome = await bed.start(run, duties, { noteEveryMs });
      assert(outcome.kind === 'done');
      const { state, findings } = outcome.report;
      const told = `after ${dead} calls`;
      assert.deepEqual([state, findings.counts.scanned], ['ended', 90], told);
      assert.equal(new Set(looked).size, 9, told);
      assert.ok(looked.length <= 9 + Math.ceil(noteEveryMs / stepMs), told);
    }
  });
});
