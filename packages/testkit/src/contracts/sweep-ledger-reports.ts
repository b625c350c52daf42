import { hasCode, limits, type SweepKind, type SweepReport } from '@holdfast/domain';
import assert from 'node:assert/strict';
import { plain } from './row-fixtures.js';
import {
  fullReportOf,
  kindsOf,
  longFindings,
  longLeaseMs,
  reportOf,
  type SweepLedgerBench,
} from './sweep-ledger-under-test.js';

// More pages than the tests have reports, so that a listing that never ends fails.
const pagesMax = 100;

/** What the ledger tells of past runs and of those under way. */
export function describeSweepReports(bench: SweepLedgerBench): void {
  it('gives back all of what was noted, and all of what a run ended with', async () => {
    const run = bench.run({
      limit: { entries: 1, durationMs: 2, bytes: 3 },
      dryRun: true,
      fromStart: true,
      ageMsMin: 4,
      orphansMax: 5,
    });
    const { lease } = await bench.begin(run);
    const { error: _, ...noted } = { ...fullReportOf(run), state: 'running' } as const;
    await bench.ledger().note(lease, noted, longLeaseMs);
    assert.deepEqual(plain(await bench.current().other.report(run.runId)), plain(noted));
    await bench.ledger().end(lease, fullReportOf(run));
    assert.deepEqual(plain(await bench.ledger().report(run.runId)), plain(fullReportOf(run)));
    const { reports } = await bench.ledger().listReports(undefined, undefined, 10);
    assert.deepEqual(plain(reports), plain([fullReportOf(run)]));
  });

  it('knows no report of a run that never was', async () => {
    assert.equal(await bench.ledger().report(bench.run().runId), undefined);
  });

  it('lists nothing at first', async () => {
    assert.deepEqual(plain(await bench.ledger().listReports(undefined, undefined, 10)), {
      reports: [],
    });
  });

  it('lists the reports of all kinds, newest first', async () => {
    const kinds: SweepKind[] = ['expire-objects', 'verify-objects', 'expire-objects'];
    for (const kind of kinds) await bench.past(bench.run({ kind }));
    const { reports } = await bench.ledger().listReports(undefined, undefined, 10);
    assert.deepEqual(kindsOf(reports), kinds.toReversed());
    assert.deepEqual(startsOf(reports), startsOf(reports).toSorted(descending));
  });

  it('lists the reports of one kind', async () => {
    for (const kind of ['expire-objects', 'verify-objects', 'expire-objects'] as const) {
      await bench.past(bench.run({ kind }));
    }
    const { reports } = await bench.ledger().listReports('expire-objects', undefined, 10);
    assert.deepEqual(kindsOf(reports), ['expire-objects', 'expire-objects']);
  });

  it('shows a run from its beginning on', async () => {
    const run = bench.run();
    await bench.begin(run);
    assert.deepEqual(plain(await bench.ledger().report(run.runId)), plain(reportOf(run)));
    const { reports } = await bench.ledger().listReports(undefined, undefined, 10);
    assert.deepEqual(plain(reports), plain([reportOf(run)]));
  });

  it('lists a run that is under way as it was noted last, and once', async () => {
    const past = await bench.past(bench.run());
    const run = bench.run();
    const { lease } = await bench.begin(run);
    await bench.ledger().note(lease, reportOf(run, { elapsedMs: 1 }), longLeaseMs);
    const noted = reportOf(run, { elapsedMs: 2 });
    await bench.ledger().note(lease, noted, longLeaseMs);
    const during = await bench.current().other.listReports(undefined, undefined, 10);
    assert.deepEqual(plain(during.reports), plain([noted, past]));
    const ended = reportOf(run, { state: 'ended', elapsedMs: 3 });
    await bench.ledger().end(lease, ended);
    const after = await bench.ledger().listReports(undefined, undefined, 10);
    assert.deepEqual(plain(after.reports), plain([ended, past]));
  });

  for (const kind of [undefined, 'verify-objects'] as const) {
    it(`lists ${kind === undefined ? 'all kinds' : 'one kind'} page by page, each report once`, async () => {
      const reports: SweepReport[] = [];
      for (let count = 0; count < 7; count += 1) {
        const odd = count % 2 === 1 && kind === undefined;
        const run = bench.run({ kind: odd ? 'recover-changes' : 'verify-objects' });
        reports.unshift(await bench.past(run));
      }
      for (const limit of [1, 2, 7, 100]) {
        assert.deepEqual(plain(await listAll(bench, kind, limit)), plain(reports));
      }
    });
  }

  it('lists fewer on a page where reports are long, and leaves none out', async () => {
    const reports: SweepReport[] = [];
    for (let count = 0; count < 7; count += 1) {
      const run = bench.run();
      reports.unshift(await bench.past(run, { findings: longFindings() }));
    }
    const first = await bench.ledger().listReports(undefined, undefined, 100);
    assert.ok(jsonBytesOf(first.reports) <= limits.sweepPageBytesMax);
    assert.ok(first.reports.length > 1 && first.next !== undefined);
    assert.deepEqual(plain(await listAll(bench, undefined, 100)), plain(reports));
  });

  it('lists a report by itself that is longer than a page', async () => {
    const long = longFindings(6);
    for (let count = 0; count < 3; count += 1) await bench.past(bench.run(), { findings: long });
    const { reports } = await bench.ledger().listReports(undefined, undefined, 100);
    assert.equal(reports.length, 1);
    assert.equal((await listAll(bench, undefined, 100)).length, 3);
  });

  it('goes on with a listing although a run has ended meanwhile', async () => {
    for (let count = 0; count < 4; count += 1) await bench.past(bench.run());
    const { reports, next } = await bench.ledger().listReports(undefined, undefined, 2);
    await bench.past(bench.run());
    const rest = await bench.ledger().listReports(undefined, next, 10);
    const starts = startsOf([...reports, ...rest.reports]);
    assert.deepEqual([starts.length, new Set(starts).size], [4, 4]);
  });

  it('refuses a cursor that it has not given', async () => {
    for (const cursor of ['', 'x', '-1', '1.5', '{}']) {
      await assert.rejects(bench.ledger().listReports(undefined, cursor, 1), (error) =>
        hasCode(error, 'INVALID_PAGE'),
      );
    }
  });

  it('keeps so many reports of each kind, the newest ones', async () => {
    const { reportsMax } = bench.current();
    const distinct = await bench.past(bench.run({ kind: 'expire-objects' }));
    const newest: SweepReport[] = [];
    for (let count = 0; count < reportsMax + 2; count += 1) {
      newest.unshift(await bench.past(bench.run()));
    }
    const kept = await listAll(bench, 'reclaim-orphans', 100);
    assert.deepEqual(startsOf(kept), startsOf(newest.slice(0, reportsMax)));
    assert.deepEqual(plain(await listAll(bench, 'expire-objects', 100)), plain([distinct]));
  });
}

async function listAll(
  bench: SweepLedgerBench,
  kind: SweepKind | undefined,
  limit: number,
): Promise<SweepReport[]> {
  const reports: SweepReport[] = [];
  let cursor: string | undefined;
  for (let page = 0; page < pagesMax; page += 1) {
    const answer = await bench.ledger().listReports(kind, cursor, limit);
    assert.ok(answer.reports.length <= limit);
    reports.push(...answer.reports);
    if (answer.next === undefined) return reports;
    cursor = answer.next;
  }
  assert.fail(`the listing has not ended after ${pagesMax} pages`);
}

function jsonBytesOf(reports: readonly SweepReport[]): number {
  return Buffer.byteLength(JSON.stringify(reports));
}

function startsOf(reports: readonly SweepReport[]): number[] {
  return reports.map(({ timeStarted }) => timeStarted);
}

function descending(left: number, right: number): number {
  return right - left;
}
