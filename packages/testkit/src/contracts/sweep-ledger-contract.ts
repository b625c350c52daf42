import { hasCode, sweepKinds } from '@holdfast/domain';
import assert from 'node:assert/strict';
import { plain } from './row-fixtures.js';
import { describeSweepCancel } from './sweep-ledger-cancel.js';
import { describeSweepReports } from './sweep-ledger-reports.js';
import { describeSweepTaken } from './sweep-ledger-taken.js';
import { describeSweepTakeovers } from './sweep-ledger-takeovers.js';
import {
  createSweepLedgerBench,
  forged,
  longLeaseMs,
  reportOf,
  type OpenSweepLedger,
  type SweepLedgerBench,
} from './sweep-ledger-under-test.js';

/** Registers the tests that every implementation of the port `SweepLedger` passes. */
export function describeSweepLedger(name: string, open: OpenSweepLedger): void {
  describe(`${name} as a sweep ledger`, () => {
    const bench = createSweepLedgerBench();

    beforeEach(async () => bench.set(await open()));
    afterEach(() => bench.clear());

    describeLeases(bench);
    describeSweepTaken(bench);
    describeLapses(bench);
    describeCursors(bench);
    describeSweepTakeovers(bench);
    describeSweepCancel(bench);
    describeSweepReports(bench);
    describeOutage(bench);
  });
}

function describeLeases(bench: SweepLedgerBench): void {
  it('lets one run of a kind begin at a time, and says which', async () => {
    const [first, second] = [bench.run(), bench.run()];
    await bench.begin(first);
    const refused = await bench.current().other.begin(second, longLeaseMs);
    assert.deepEqual(plain(refused), { kind: 'taken', runId: first.runId });
    assert.equal(await bench.current().other.running(first.request.kind), first.runId);
  });

  it('lets one of many begin that come at once', async () => {
    const { ledger, other } = bench.current();
    const tries = Array.from({ length: 10 }, (_, index) =>
      (index % 2 === 0 ? ledger : other).begin(bench.run(), longLeaseMs),
    );
    const kinds = (await Promise.all(tries)).map(({ kind }) => kind);
    assert.deepEqual(kinds.toSorted(), ['begun', ...kinds.slice(1).map(() => 'taken')]);
  });

  it('lets a run of each kind be under way', async () => {
    for (const kind of sweepKinds) await bench.begin(bench.run({ kind }));
  });

  it('knows of no run that is under way at first, and of none after the end', async () => {
    const run = bench.run();
    assert.equal(await bench.ledger().running(run.request.kind), undefined);
    await bench.past(run);
    assert.equal(await bench.ledger().running(run.request.kind), undefined);
    await bench.begin(bench.run());
  });

  it('notes nothing under a lease that nobody was given', async () => {
    const run = bench.run();
    const { lease } = await bench.begin(run);
    const report = reportOf(run, { cursor: 'c' });
    assert.equal(await bench.ledger().note(forged(lease), report, longLeaseMs), 'lost');
    assert.equal(await bench.ledger().renew(forged(lease), longLeaseMs), 'lost');
    assert.equal(await bench.ledger().end(forged(lease), report), 'lost');
    assert.equal((await bench.ledger().report(run.runId))?.cursor, undefined);
    assert.equal(await bench.ledger().note(lease, report, longLeaseMs), 'go-on');
  });

  it('does not begin a run again that has ended, and answers its report', async () => {
    const run = bench.run();
    const report = await bench.past(run, { elapsedMs: 5 });
    const again = await bench.current().other.begin(run, longLeaseMs);
    assert.deepEqual(plain(again), plain({ kind: 'over', report }));
    assert.equal(await bench.ledger().running(run.request.kind), undefined);
  });

  it('ends a run once, also when it is told twice', async () => {
    const run = bench.run();
    const { lease } = await bench.begin(run);
    assert.equal(await bench.ledger().end(lease, reportOf(run, { state: 'ended' })), 'ended');
    assert.equal(await bench.ledger().end(lease, reportOf(run, { state: 'ended' })), 'lost');
    const { reports } = await bench.ledger().listReports(undefined, undefined, 10);
    assert.equal(reports.length, 1);
  });
}

function describeLapses(bench: SweepLedgerBench): void {
  it('lets another run begin once a lease has lapsed', async () => {
    const { ledger, leaseMs, advance } = bench.current();
    const [first, second] = [bench.run(), bench.run()];
    await ledger.begin(first, leaseMs);
    await advance(leaseMs + 1);
    assert.equal(await ledger.running(first.request.kind), undefined);
    await bench.begin(second);
    assert.equal(await ledger.running(first.request.kind), second.runId);
  });

  it('keeps a lease that is renewed', async () => {
    const { ledger, leaseMs, advance } = bench.current();
    const [first, second] = [bench.run(), bench.run()];
    const begun = await ledger.begin(first, leaseMs);
    assert.ok(begun.kind === 'begun');
    assert.equal(await ledger.note(begun.lease, reportOf(first), longLeaseMs), 'go-on');
    await advance(leaseMs + 1);
    assert.equal((await ledger.begin(second, longLeaseMs)).kind, 'taken');
  });

  it('keeps a lease that is renewed without a word, and what was noted before', async () => {
    const { ledger, other, leaseMs, advance } = bench.current();
    const [first, second] = [bench.run(), bench.run()];
    const begun = await ledger.begin(first, leaseMs);
    assert.ok(begun.kind === 'begun');
    const noted = reportOf(first, { cursor: 'page 2' });
    await ledger.note(begun.lease, noted, leaseMs);
    assert.equal(await ledger.renew(begun.lease, longLeaseMs), 'go-on');
    await advance(leaseMs + 1);
    assert.equal((await other.begin(second, longLeaseMs)).kind, 'taken');
    assert.deepEqual(plain(await other.report(first.runId)), plain(noted));
    assert.equal((await bench.begin(first, other)).cursor, 'page 2');
  });

  it('does not renew a lease that has lapsed', async () => {
    const { ledger, leaseMs, advance } = bench.current();
    const late = bench.run();
    const begun = await ledger.begin(late, leaseMs);
    assert.ok(begun.kind === 'begun');
    await advance(leaseMs + 1);
    assert.equal(await ledger.renew(begun.lease, longLeaseMs), 'lost');
    assert.equal(await ledger.running(late.request.kind), undefined);
  });

  it('tells whoever comes too late that the lease is lost, and changes nothing', async () => {
    const { ledger, leaseMs, advance } = bench.current();
    const late = bench.run();
    const begun = await ledger.begin(late, leaseMs);
    assert.ok(begun.kind === 'begun');
    await advance(leaseMs + 1);
    const report = reportOf(late, { cursor: 'too-late' });
    assert.equal(await ledger.note(begun.lease, report, longLeaseMs), 'lost');
    assert.equal(await ledger.running(late.request.kind), undefined);
    const heir = bench.run();
    const next = await bench.begin(heir);
    assert.equal(next.cursor, undefined);
    assert.equal(await ledger.end(begun.lease, reportOf(late, { state: 'ended' })), 'lost');
    assert.deepEqual(plain(await ledger.report(late.runId)), plain(reportOf(late)));
    assert.equal(await ledger.note(next.lease, reportOf(heir), longLeaseMs), 'go-on');
  });
}

function describeCursors(bench: SweepLedgerBench): void {
  it('begins at the beginning where nothing was noted', async () => {
    const begun = await bench.begin(bench.run());
    assert.deepEqual([begun.cursor, begun.before], [undefined, undefined]);
  });

  it('begins where the last run of the kind was cut short, and of no other kind', async () => {
    await bench.past(bench.run(), { truncated: true, cursor: 'page 2' });
    const other = await bench.begin(bench.run({ kind: 'verify-objects' }));
    assert.equal(other.cursor, undefined);
    const next = await bench.begin(bench.run(), bench.current().other);
    assert.deepEqual([next.cursor, next.before], ['page 2', undefined]);
  });

  it('begins at the beginning when the last run reached the end', async () => {
    await bench.past(bench.run(), { cursor: 'page 2' });
    await bench.past(bench.run());
    assert.equal((await bench.begin(bench.run())).cursor, undefined);
  });

  it('begins where a run of the kind was that never ended', async () => {
    const { ledger, leaseMs, advance } = bench.current();
    const dead = bench.run();
    const { lease } = await bench.begin(dead);
    await ledger.note(lease, reportOf(dead, { cursor: 'page 3' }), leaseMs);
    await advance(leaseMs + 1);
    assert.equal((await bench.begin(bench.run())).cursor, 'page 3');
  });

  it('does not move where the next run begins by a dry run', async () => {
    await bench.past(bench.run(), { cursor: 'page 2' });
    const dry = bench.run({ dryRun: true });
    const { lease, cursor } = await bench.begin(dry);
    assert.equal(cursor, 'page 2');
    await bench.ledger().note(lease, reportOf(dry, { cursor: 'page 5' }), longLeaseMs);
    await bench.ledger().end(lease, reportOf(dry, { state: 'ended' }));
    assert.equal((await bench.begin(bench.run())).cursor, 'page 2');
  });
}

function describeOutage(bench: SweepLedgerBench): void {
  it('says that it is unavailable while it is down', async () => {
    const run = bench.run();
    const { lease } = await bench.begin(run);
    await bench.current().takeDown();
    const ledger = bench.ledger();
    const calls = [
      () => ledger.begin(run, longLeaseMs),
      () => ledger.note(lease, reportOf(run), longLeaseMs),
      () => ledger.renew(lease, longLeaseMs),
      () => ledger.end(lease, reportOf(run, { state: 'ended' })),
      () => ledger.cancel(run.runId),
      () => ledger.report(run.runId),
      () => ledger.takenBy(run.runId),
      () => ledger.running(run.request.kind),
      () => ledger.listReports(undefined, undefined, 1),
    ];
    for (const call of calls) {
      await assert.rejects(call(), (error) => hasCode(error, 'TIER_UNAVAILABLE'));
    }
  });
}
