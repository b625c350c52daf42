import { DomainError, limits, type SweepRoom } from '@holdfast/domain';
import assert from 'node:assert/strict';
import {
  createSweepBed,
  dutiesOf,
  liveEntries,
  options,
  pagesOf,
  someDamage,
  type SweepBed,
} from '../../support/sweep-run-bed.js';

describe('A run of a sweep', () => {
  let bed: SweepBed;
  beforeEach(() => {
    bed = createSweepBed();
  });

  async function cursor(): Promise<string | undefined> {
    const begun = await bed.memory.begin(bed.newRun(), 1);
    assert(begun.kind === 'begun');
    bed.clock.advance(1);
    return begun.cursor;
  }

  it('goes through all pages to the end, and the next one begins at the beginning', async () => {
    const cursors: unknown[] = [];
    const duties = pagesOf(3, (_, at) => void cursors.push(at));
    const report = await bed.report({}, duties);
    assert.deepEqual(cursors, [undefined, '1', '2']);
    assert.deepEqual([report.state, report.truncated, report.cursor], ['ended', false, undefined]);
    assert.equal(report.findings.counts.scanned, 30);
    assert.equal(await cursor(), undefined);
  });

  it('keeps its report', async () => {
    const report = await bed.report({}, pagesOf(2));
    assert.deepEqual(await bed.memory.report(report.runId), report);
    assert.equal(await bed.memory.running('reclaim-orphans'), undefined);
  });

  it('looks at no more entries than it may, in the middle of a page too', async () => {
    const report = await bed.report({ limit: { entries: 25 } }, pagesOf(9));
    assert.equal(report.findings.counts.scanned, 25);
    assert.deepEqual([report.state, report.truncated, report.cursor], ['ended', true, '3']);
  });

  it('is not cut short by a limit that it reaches at the end', async () => {
    const report = await bed.report({ limit: { entries: 30 } }, pagesOf(3));
    assert.deepEqual([report.truncated, report.cursor], [false, undefined]);
  });

  it('ends when its time is over, by steps and pauses', async () => {
    const rooms: number[] = [];
    const duties = pagesOf(99, (_, _cursor, room) => {
      rooms.push(room.ms);
      bed.clock.advance(1_000);
    });
    const report = await bed.report({ limit: { durationMs: 5_500 } }, duties, { busyShare: 0.5 });
    assert.deepEqual(rooms, [5_000, 3_500, 1_500]);
    assert.deepEqual([report.truncated, report.cursor, report.elapsedMs], [true, '3', 5_500]);
  });

  it('takes one step also where its time is over before, and the next one goes on there', async () => {
    const duties = dutiesOf({
      begin: async () => bed.clock.advance(1_000),
      step: async (_, at, { ms }) => {
        assert.equal(ms, 1);
        return liveEntries(10, String(Number(at ?? 0) + 1));
      },
    });
    for (const at of ['1', '2']) {
      const report = await bed.report({ limit: { durationMs: 500 } }, duties);
      assert.deepEqual([report.state, report.truncated, report.cursor], ['ended', true, at]);
    }
  });

  it('ends when its bytes are used up, freed and read ones', async () => {
    const duties = dutiesOf({
      step: async (_, at) => ({
        ...liveEntries(1, `${at ?? ''}x`),
        found: [{ usecase: 'mail', scanned: 1, removed: 1, freedBytes: 40 }],
        readBytes: 20,
      }),
    });
    const report = await bed.report({ limit: { bytes: 150 } }, duties);
    const { scanned, freedBytes, readBytes } = report.findings.counts;
    assert.deepEqual([scanned, freedBytes, readBytes, report.truncated], [3, 120, 60, true]);
  });

  it('gives each step the room that is left, and no more time than a step may take', async () => {
    const rooms: SweepRoom[] = [];
    const duties = pagesOf(3, (_, _cursor, room) => void rooms.push(room));
    await bed.report({ limit: { entries: 25, bytes: 7 }, orphansMax: 3 }, duties);
    const rest = { ms: 5_000, bytes: 7, orphans: 3 };
    assert.deepEqual(
      rooms,
      [25, 15, 5].map((entries) => ({ entries, ...rest })),
    );
  });

  it('begins where the last one was cut short', async () => {
    await bed.report({ limit: { entries: 20 } }, pagesOf(9));
    const cursors: unknown[] = [];
    await bed.report(
      { limit: { entries: 10 } },
      pagesOf(9, (_, at) => void cursors.push(at)),
    );
    assert.deepEqual(cursors, ['2']);
  });

  it('begins at the beginning when it is asked to', async () => {
    await bed.report({ limit: { entries: 20 } }, pagesOf(9));
    const cursors: unknown[] = [];
    const duties = pagesOf(9, (_, at) => void cursors.push(at));
    await bed.report({ limit: { entries: 20 }, fromStart: true }, duties);
    assert.deepEqual(cursors, [undefined, '1']);
  });

  it('leaves the place of the next one where it was when it is dry', async () => {
    await bed.report({ limit: { entries: 20 } }, pagesOf(9));
    const report = await bed.report({ limit: { entries: 30 }, dryRun: true }, pagesOf(9));
    assert.equal(report.cursor, '5');
    assert.equal(await cursor(), '2');
  });

  it('looks once more at a page that there was no room for, also at the first', async () => {
    const isCut = true as const;
    const cut = dutiesOf({ step: async (_, at) => ({ ...liveEntries(1, at), isCut }) });
    const report = await bed.report({}, cut);
    assert.deepEqual([report.truncated, report.cursor], [true, undefined]);
    await bed.report({ limit: { entries: 20 } }, pagesOf(9));
    assert.deepEqual((await bed.report({}, cut)).cursor, '2');
    assert.equal(await cursor(), '2');
  });

  it('begins at the beginning when nobody knows any more where it was', async () => {
    await bed.report({ limit: { entries: 20 } }, pagesOf(9));
    const cursors: unknown[] = [];
    const duties = pagesOf(3, (_, at) => {
      cursors.push(at);
      if (cursors.length === 1) throw invalidPage();
    });
    const report = await bed.report({}, duties);
    assert.deepEqual(cursors, ['2', undefined, '1', '2']);
    assert.equal(report.state, 'ended');
  });

  it('does not begin again when its own place is refused', async () => {
    const duties = pagesOf(3, (_, at) => {
      if (at === '1') throw invalidPage();
    });
    assert.equal((await bed.report({}, duties)).error?.reason, 'INVALID_PAGE');
  });

  it('fails when it is led to the same place for ever', async () => {
    const report = await bed.report({}, dutiesOf({ step: async () => liveEntries(1, 'here') }));
    assert.deepEqual([report.state, report.error?.reason], ['failed', 'TIER_UNAVAILABLE']);
    assert.equal(report.findings.counts.scanned, 1);
  });

  it('ends although page after page is empty', async () => {
    let steps = 0;
    const duties = dutiesOf({ step: async () => liveEntries(0, String((steps += 1))) });
    const report = await bed.report({ limit: { entries: 50 } }, duties);
    assert.deepEqual([steps, report.truncated, report.findings.counts.scanned], [50, true, 0]);
  });

  it('tells of its progress at every step, and of damage at once', async () => {
    const damage = someDamage(bed);
    const duties = dutiesOf({
      step: async (_, at) => ({
        ...liveEntries(2, at === undefined ? 'b' : undefined),
        damage: [damage],
      }),
    });
    const report = await bed.report({}, duties);
    const scanned = bed.progress.map(({ findings }) => findings.counts.scanned);
    assert.deepEqual(scanned, [0, 2]);
    assert.deepEqual([bed.damage.length, report.findings.damaged], [2, 2]);
  });

  it('is at work for its share of the time and no more', async () => {
    const duties = pagesOf(4, () => bed.clock.advance(1_000));
    const report = await bed.report({}, duties, { busyShare: 0.2 });
    assert.equal(report.elapsedMs, 4 * 1_000 + 3 * 4_000);
  });

  it('keeps its lease in a pause that is much longer', async () => {
    const duties = pagesOf(2, () => bed.clock.advance(30_000));
    const report = await bed.report({}, duties, { busyShare: 0.01 });
    assert.deepEqual([report.state, report.elapsedMs], ['ended', 2 * 30_000 + 99 * 30_000]);
  });

  it('ends in a long pause when it is cancelled', async () => {
    const run = bed.newRun();
    const duties = pagesOf(2, async () => {
      bed.clock.advance(30_000);
      await bed.memory.cancel(run.runId);
    });
    const outcome = await bed.start(run, duties, { busyShare: 0.01 });
    assert(outcome.kind === 'done');
    const { state, elapsedMs } = outcome.report;
    assert.deepEqual([state, elapsedMs], ['cancelled', 30_000 + options.leaseMs / 4]);
  });

  it('ends in a long pause when its time is over', async () => {
    const duties = pagesOf(2, () => bed.clock.advance(30_000));
    const limit = { durationMs: 50_000 };
    const report = await bed.report({ limit }, duties, { busyShare: 0.01 });
    assert.deepEqual([report.truncated, report.cursor, report.elapsedMs], [true, '1', 50_000]);
  });

  it('asks a step for no more than a share of its lease', async () => {
    const times: number[] = [];
    const duties = pagesOf(1, (_, _cursor, { ms }) => void times.push(ms));
    await bed.report({}, duties, { leaseMs: 3_000 });
    await bed.report({}, duties, { leaseMs: 3_600_000, stepMsMax: undefined });
    assert.deepEqual(times, [1_000, limits.sweptStepMsMax]);
  });

  it('is not confused by a clock that goes backward', async () => {
    const duties = pagesOf(3, () => bed.clock.set((bed.clock.now() - 10_000) as never));
    const report = await bed.report({ limit: { durationMs: 1_000 } }, duties);
    assert.deepEqual([report.state, report.truncated, report.elapsedMs], ['ended', false, 0]);
  });
});

function invalidPage(): DomainError {
  const code = 'INVALID_PAGE';
  return new DomainError({ code, field: 'page_token', given: '2', allowed: 'another one' });
}
