import { sweeper } from '@holdfast/contracts';
import {
  DomainError,
  limits,
  parseObjectId,
  parseRevision,
  type SweepFindings,
} from '@holdfast/domain';
import assert from 'node:assert/strict';
import { longFindings } from '../../../packages/testkit/src/contracts/sweep-ledger-under-test.js';
import { assertRefused, callContext } from '../../support/maintenance.js';
import { arrange, kind, leaseMs } from './operators-bed.js';
import { noCounts, reportOf, requestOf, runIdOf, runOf } from './sweeper-bed.js';

const { KeptReason, SweepKind: Kinds } = sweeper;
/** As much as a message between processes may have. */
const messageBytesMax = 2 * 1024 ** 2;

describe('ListReports', () => {
  const noFilter = { kind: Kinds.UNSPECIFIED, pageSize: 0, pageToken: '' };

  it('lists page by page, newest first, of all duties or of one', async () => {
    const { queue, list, clock } = arrange();
    for (let number = 0; number < 5; number += 1) {
      clock.advance(1);
      const request = requestOf(number % 2 === 0 ? kind : 'verify-objects');
      const run = { ...runOf(request, number), timeStarted: clock.now() };
      const begun = await queue.ledger.begin(run, leaseMs);
      assert.ok(begun.kind === 'begun');
      const { runId, timeStarted } = run;
      await queue.ledger.end(begun.lease, reportOf(request, { runId, timeStarted }));
    }
    const first = await list({ ...noFilter, pageSize: 3 }, callContext());
    const second = await list({ ...noFilter, pageToken: first.nextPageToken }, callContext());
    const ids = [...first.reports, ...second.reports].map(({ runId }) => runId);
    assert.deepEqual(ids, [4, 3, 2, 1, 0].map(runIdOf));
    assert.equal(second.nextPageToken, '');
    const one = await list({ ...noFilter, kind: Kinds.VERIFY_OBJECTS }, callContext());
    assert.deepEqual(
      one.reports.map((report) => report.kind),
      [Kinds.VERIFY_OBJECTS, Kinds.VERIFY_OBJECTS],
    );
    const other = { ...noFilter, kind: Kinds.VERIFY_OBJECTS, pageToken: first.nextPageToken };
    await assert.rejects(list(other, callContext()), DomainError);
  });

  it('tells everything that a run has found', async () => {
    const { queue, list } = arrange();
    const run = runOf(requestOf(kind, { limit: { durationMs: 1_500 } }));
    const begun = await queue.ledger.begin(run, leaseMs);
    assert.ok(begun.kind === 'begun');
    const id = parseObjectId({ usecase: 'photos', scopes: [], key: 'a' });
    const revision = parseRevision(runIdOf(9));
    const counts = { ...noCounts, scanned: 4, kept: { young: { entries: 3, bytes: 30 } } };
    await queue.ledger.end(
      begun.lease,
      reportOf(run.request, {
        truncated: true,
        cursor: 'there',
        findings: {
          counts,
          usecases: [{ usecase: 'photos', ...counts }, noCounts],
          damaged: 1,
          damage: [{ id, revision, kind: 'missing', description: 'it is gone' }],
          undecided: 1,
          undecidedEntries: [{ where: 'here', why: 'it is foreign' }],
        },
      }),
    );
    const { reports } = await list(noFilter, callContext());
    const [report = assert.fail()] = reports;
    assert.deepEqual(report.limit?.duration, { seconds: 1n, nanos: 500_000_000 });
    assert.deepEqual([report.truncatedDueToLimit, report.cursor], [true, 'there']);
    assert.deepEqual(report.counts?.kept, [{ reason: KeptReason.YOUNG, entries: 3n, bytes: 30n }]);
    assert.deepEqual(
      report.usecases.map(({ usecase }) => usecase),
      ['photos', ''],
    );
    assert.equal(report.damage[0]?.objectId?.key, 'a');
    assert.deepEqual(report.undecidedEntries, [{ where: 'here', why: 'it is foreign' }]);
    assert.ok(sweeper.SweepReport.encode(report).finish().length > 0);
  });

  it('lists all reports in pages that fit into a message, as long as they can be', async () => {
    const { queue, list, clock } = arrange();
    const findings = longestFindings();
    const runs = 12;
    for (let number = 0; number < runs; number += 1) {
      clock.advance(1);
      const run = { ...runOf(requestOf(kind), number), timeStarted: clock.now() };
      const begun = await queue.ledger.begin(run, leaseMs);
      assert.ok(begun.kind === 'begun');
      await queue.ledger.end(begun.lease, reportOf(run.request, { ...run, findings }));
    }
    const ids: string[] = [];
    let pageToken = '';
    for (let pages = 0; pages < runs; pages += 1) {
      const page = await list({ ...noFilter, pageSize: 100, pageToken }, callContext());
      const bytes = sweeper.ListReportsResponse.encode(page).finish().length;
      assert.ok(bytes < messageBytesMax, `${bytes} bytes`);
      ids.push(...page.reports.map(({ runId }) => runId));
      pageToken = page.nextPageToken;
      if (pageToken === '') break;
    }
    assert.deepEqual(
      ids,
      Array.from({ length: runs }, (_, index) => runIdOf(runs - 1 - index)),
    );
  });

  it('refuses pages and kinds that there are none of', async () => {
    const { list } = arrange();
    const tooMany = list({ ...noFilter, pageSize: 101 }, callContext());
    await assert.rejects(tooMany, /page_size: must be a whole number from 1 to 100; given 101/);
    const unknown = list({ ...noFilter, kind: 9 as never }, callContext());
    await assertRefused(unknown, 'INVALID_SELECTION', 'kind');
    await assert.rejects(list({ ...noFilter, pageToken: 'x' }, callContext()), /page_token/);
  });
});

/** All that is shown of a run, each as long as it may be. */
function longestFindings(): SweepFindings {
  const key = '\u{1f600}'.repeat((limits.storagePathBytesMax - 'photos/objects/'.length) / 4);
  const id = parseObjectId({ usecase: 'photos', scopes: [], key });
  const text = 'x'.repeat(1_000);
  const damage = {
    id,
    revision: parseRevision(runIdOf(9)),
    kind: 'missing',
    description: text,
  } as const;
  return {
    ...longFindings(),
    damage: Array.from({ length: limits.damageShownMax }, () => damage),
    undecidedEntries: Array.from({ length: limits.undecidedShownMax }, () => ({
      where: id.path,
      why: text,
    })),
  };
}
