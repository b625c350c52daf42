import { noFindings, parseObjectId, parseRevision, type SweepCounts } from '@holdfast/domain';
import { createManualClock } from '@holdfast/testkit';
import assert from 'node:assert/strict';
import { observeSweeps } from '../../../services/sweeper/src/sweeping/observe-sweeps.js';
import { createListener, metricValue, testMetrics } from '../tiered-store/quiet.js';
import { noCounts, reportOf, requestOf, runIdOf, runOf } from './sweeper-bed.js';

const kind = 'reclaim-orphans';

function arrange() {
  const { logger, lines } = createListener();
  const metrics = testMetrics();
  const clock = createManualClock();
  return {
    observer: observeSweeps({ metrics, logger, clock }),
    lines,
    value: (name: string, labels = '') =>
      metricValue(metrics, `sweep_${name}{kind="${kind}"${labels}}`),
  };
}

function findingsOf(counts: Partial<SweepCounts>, undecided = 0) {
  return { ...noFindings, counts: { ...noCounts, ...counts }, undecided };
}

describe('What sweeps do, in numbers', () => {
  it('is what they have found here, and not what others had found before', async () => {
    const { observer, value } = arrange();
    const request = requestOf(kind);
    const watched = observer.watch(runOf(request));
    const before = { scanned: 10, removed: 4, freedBytes: 400 };
    watched.progress(reportOf(request, { state: 'running', findings: findingsOf(before) }));
    assert.equal(await value('running'), 1);
    const kept = { live: { entries: 5, bytes: 50 } };
    const after = { scanned: 25, removed: 6, freedBytes: 600, readBytes: 9, kept };
    watched.ended(reportOf(request, { findings: findingsOf(after, 2) }), undefined);
    watched.left();
    assert.deepEqual(
      [
        await value('scanned_total'),
        await value('removed_total'),
        await value('freed_bytes_total'),
        await value('read_bytes_total'),
        await value('kept_total', ',reason="live"'),
        await value('run_seconds_count'),
        await value('runs_total', ',state="ended"'),
        await value('running'),
      ],
      [15, 2, 200, 9, 5, 1, 1, 0],
    );
    assert.equal(await value('last_success_timestamp_seconds'), 1_700_000_000);
  });

  it('does not count as removed, nor as a success, what a dry run would have done', async () => {
    const { observer, value } = arrange();
    const request = requestOf(kind, { dryRun: true });
    const watched = observer.watch(runOf(request));
    watched.progress(reportOf(request, { state: 'running' }));
    const findings = findingsOf({ scanned: 5, removed: 5, freedBytes: 5 });
    watched.ended(reportOf(request, { findings }), undefined);
    assert.deepEqual([await value('scanned_total'), await value('removed_total')], [5, 0]);
    assert.equal(await value('last_success_timestamp_seconds'), undefined);
  });

  it('tells when a kind last came to its end, which a limit or a dry run is not', async () => {
    for (const [changes, how, told] of [
      [{}, { truncated: true }, undefined],
      [{ dryRun: true }, {}, undefined],
      [{}, { state: 'cancelled' }, undefined],
      [{}, {}, 1_700_000_000],
    ] as const) {
      const { observer, value } = arrange();
      const request = requestOf(kind, changes);
      const watched = observer.watch(runOf(request));
      watched.progress(reportOf(request, { state: 'running' }));
      watched.ended(reportOf(request, how), undefined);
      assert.equal(await value('last_complete_timestamp_seconds'), told);
    }
  });

  it('counts a run once whose job is delivered again after its end', async () => {
    const { observer, value, lines } = arrange();
    const request = requestOf(kind);
    observer.watch(runOf(request)).ended(reportOf(request), undefined);
    assert.equal(await value('runs_total', ',state="ended"'), 0);
    assert.deepEqual(lines, []);
  });

  it('shows every series from the start, with a zero', async () => {
    const { value } = arrange();
    assert.deepEqual(
      [await value('damage_total'), await value('runs_total', ',state="failed"')],
      [0, 0],
    );
  });
});

describe('What sweeps have to tell', () => {
  it('is an error line for each damage', async () => {
    const { observer, lines, value } = arrange();
    const id = parseObjectId({ usecase: 'photos', scopes: [], key: 'a' });
    const revision = parseRevision(runIdOf(3));
    const watched = observer.watch(runOf(requestOf(kind)));
    watched.damage({ id, revision, kind: 'wrong-size', description: '1 byte is missing' });
    const [line] = lines;
    assert.deepEqual(
      [line?.level, line?.['object'], line?.['damage'], line?.['description']],
      ['error', 'photos/objects/a', 'wrong-size', '1 byte is missing'],
    );
    assert.equal(await value('damage_total'), 1);
  });

  it('is an error line for clocks that are too far apart', () => {
    const { observer, lines } = arrange();
    observer.watch(runOf(requestOf(kind))).skewed(400_000);
    assert.deepEqual([lines[0]?.level, lines[0]?.['skewMs']], ['error', 400_000]);
  });

  it('is a line for a run whose lease is gone, with what it had failed by', () => {
    const { observer, lines } = arrange();
    const request = requestOf(kind);
    const error = { reason: 'TIER_UNAVAILABLE', message: 'it is away' };
    const watched = observer.watch(runOf(request));
    watched.lost(reportOf(request, { state: 'running' }));
    watched.lost(reportOf(request, { state: 'failed', error }));
    assert.deepEqual(
      lines.map((line) => line['error']),
      [undefined, error],
    );
    assert.equal(
      lines[0]?.message,
      "the run's lease is gone: it has lapsed, or another sweeper has it",
    );
  });
});
