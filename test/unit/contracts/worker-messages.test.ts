import assert from 'node:assert/strict';
import { cleanup, maintenance, sweeper } from '@holdfast/contracts';

const blob = 'attachments/objects/k/01934d2e-7c1a-7000-8000-000000000000';

describe('the messages of the maintenance service', () => {
  it('answer each change of a batch by itself, settled or not', () => {
    const response: maintenance.SettleChangeResponse = {
      results: [
        {
          changeId: 'a',
          result: {
            $case: 'settled',
            value: {
              outcome: maintenance.SettleOutcome.COMMITTED,
              blobs: [{ blob, state: maintenance.BlobState.DELETED, size: 2n ** 53n + 1n }],
              deadline: undefined,
            },
          },
          change: undefined,
        },
        {
          changeId: 'b',
          result: { $case: 'error', value: { code: 14, message: 'later', details: [] } },
          change: maintenance.Change.create({ changeId: 'b', oldBlob: blob }),
        },
      ],
    };
    const frame = maintenance.SettleChangeResponse.encode(response).finish();
    assert.deepEqual(maintenance.SettleChangeResponse.decode(frame), response);
  });

  it('say that a change waits for the readers of a blob, of which one and until when', () => {
    const response: maintenance.SettleChangeResponse = {
      results: [
        {
          changeId: 'a',
          result: {
            $case: 'settled',
            value: {
              outcome: maintenance.SettleOutcome.AWAITING_READERS,
              blobs: [{ blob, state: maintenance.BlobState.AWAITING_READERS, size: 1n }],
              deadline: new Date('2024-11-21T06:05:00.123Z'),
            },
          },
          change: maintenance.Change.create({ changeId: 'a', newBlob: blob }),
        },
      ],
    };
    const frame = maintenance.SettleChangeResponse.encode(response).finish();
    assert.deepEqual(maintenance.SettleChangeResponse.decode(frame), response);
  });

  it('keep blobs for their readers unless a worker asks to ignore those', () => {
    const keeping = maintenance.SettleChangeRequest.decode(new Uint8Array(0));
    assert.equal(keeping.ignoreReaders, false);
    const deleting = maintenance.SettleChangeRequest.create({
      changeIds: ['a'],
      ignoreReaders: true,
    });
    const frame = maintenance.SettleChangeRequest.encode(deleting).finish();
    assert.deepEqual(maintenance.SettleChangeRequest.decode(frame), deleting);
  });

  it('keep a state of a newer version as its number, so that it is not taken for another', () => {
    const frame = Uint8Array.of(0x10, 99); // state 99
    const outcome = maintenance.BlobOutcome.decode(frame);
    assert.equal(outcome.state, 99);
    assert.ok(!Object.values<number>(maintenance.BlobState).includes(outcome.state));
  });

  it('number every enumeration from an unspecified 0', () => {
    const enumerations = [
      maintenance.BlobState,
      maintenance.DamageKind,
      maintenance.SettleOutcome,
      cleanup.CleanupQueue,
      cleanup.QueueState,
      sweeper.KeptReason,
      sweeper.SweepKind,
      sweeper.SweepState,
    ];
    for (const enumeration of enumerations) assert.equal(enumeration.UNSPECIFIED, 0);
  });

  it('act unless a worker asks for a dry run', () => {
    const acting = maintenance.ReclaimBlobsRequest.decode(new Uint8Array(0));
    assert.equal(acting.dryRun, false);
    const asking = maintenance.ReclaimBlobsRequest.create({ blobs: [blob], dryRun: true });
    const frame = maintenance.ReclaimBlobsRequest.encode(asking).finish();
    assert.deepEqual(maintenance.ReclaimBlobsRequest.decode(frame), asking);
  });
});

describe('the messages of the cleanup service', () => {
  it('tell all dead letters from none named', () => {
    const all = cleanup.DeadLetterSelection.create({ selection: { $case: 'filter', value: {} } });
    const frame = cleanup.DeadLetterSelection.encode(all).finish();
    assert.deepEqual(cleanup.DeadLetterSelection.decode(frame), all);
    const forgotten = cleanup.DeadLetterSelection.decode(new Uint8Array(0));
    assert.equal(forgotten.selection, undefined);
  });
});

describe('the messages of the sweeper service', () => {
  it('tell a limit of 0 from no limit', () => {
    for (const entries of [undefined, 0n, 1n]) {
      const limit: sweeper.SweepLimit = { entries, duration: undefined, bytes: undefined };
      const frame = sweeper.SweepLimit.encode(limit).finish();
      assert.deepEqual(sweeper.SweepLimit.decode(frame), limit);
    }
  });

  it('stream progress and then a report, which is told apart from it', () => {
    const counts = sweeper.SweepCounts.create({
      scanned: 3n,
      kept: [{ reason: sweeper.KeptReason.UNDECIDED, entries: 1n, bytes: 0n }],
    });
    const progress: sweeper.ReclaimOrphansResponse = {
      update: {
        $case: 'progress',
        value: { runId: 'r', counts, elapsed: { seconds: 1n, nanos: 0 } },
      },
    };
    const report: sweeper.ReclaimOrphansResponse = {
      update: {
        $case: 'report',
        value: sweeper.SweepReport.create({ runId: 'r', counts, truncatedDueToLimit: true }),
      },
    };
    for (const message of [progress, report]) {
      const frame = sweeper.ReclaimOrphansResponse.encode(message).finish();
      assert.deepEqual(sweeper.ReclaimOrphansResponse.decode(frame), message);
    }
  });
});
