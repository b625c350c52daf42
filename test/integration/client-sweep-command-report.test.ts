import { maintenance, rpc, sweeper } from '@holdfast/contracts';
import { reasonError, statusBytes } from '@holdfast/rpc';
import assert from 'node:assert/strict';
import { countsOf, runId } from '../support/scripted-sweeper.js';
import { useSweepCommandBed } from './sweep-command-bed.js';

const { KeptReason, SweepState } = sweeper;
const MiB = 1024n ** 2n;

describe('the report of a run of holdfast admin sweep', () => {
  const bed = useSweepCommandBed();

  it('ends with its report, for people', async () => {
    const kept = [
      { reason: KeptReason.LIVE, entries: 1_200n, bytes: 2n * MiB },
      { reason: KeptReason.YOUNG, entries: 30n, bytes: MiB },
      { reason: KeptReason.UNDECIDED, entries: 1n, bytes: 0n },
    ];
    const counts = countsOf({ scanned: 1_234n, removed: 3n, freedBytes: 5n * MiB, kept });
    const undecidedEntries = [{ where: 'blobs/lost+found', why: 'not a blob of ours' }];
    const usecases = [
      { usecase: 'photos', counts },
      { usecase: '', counts: countsOf({ scanned: 1n }) },
    ];
    bed.sweeper().script = (tell) =>
      tell.report({ counts, usecases, undecided: 7n, undecidedEntries, dryRun: true });
    const text = await bed.printed(['orphans', '--dry-run'], { outputColumns: 100 });
    assert.deepEqual(text.split('\n'), [
      `run              ${runId}`,
      'duty             orphans, a dry run: nothing was changed',
      'state            ended, at the end of what there is',
      'started          2026-11-21T10:00:00.000Z',
      'took             0:07 (limit: 10:00)',
      'scanned          1,234',
      'would be queued  3 (5.0 MiB)',
      'kept             1,231',
      '  live           1,200 (2.0 MiB)',
      '  young          30 (1.0 MiB)',
      '  undecided      1',
      '',
      'By usecase:',
      'usecase   scanned  would be queued    bytes   live  young  owned  undecided',
      'photos      1,234                3  5.0 MiB  1,200     30      0          1',
      '(others)        1                0      0 B      0      0      0          0',
      '',
      'Undecided, and kept, the first 1 of 7:',
      'where             why',
      'blobs/lost+found  not a blob of ours',
      '',
    ]);
    const piped = await bed.printed(['orphans']);
    assert.equal(piped, text);
  });

  it('says where the next one goes on', async () => {
    const cut = { truncatedDueToLimit: true, cursor: 'photos/objects/k' };
    const states = [
      [{ ...cut }, 'ended, at a limit; the next run goes on from there'],
      [{ ...cut, dryRun: true }, 'ended, at a limit'],
      [{ truncatedDueToLimit: true }, 'ended, at a limit'],
    ] as const;
    for (const [given, state] of states) {
      bed.sweeper().script = (tell) => tell.report(given);
      assert.match(await bed.printed(['recover']), new RegExp(`^state +${state}$`, 'm'));
    }
  });

  it('prints one JSON document', async () => {
    const objectId = { usecase: 'photos', scopes: [], key: 'cat' };
    const kind = maintenance.DamageKind.WRONG_SIZE;
    const described = { revision: 'r', blob: undefined, kind, description: '2 of 3 bytes' };
    bed.sweeper().script = (tell) =>
      tell.report({ damaged: 1n, damage: [{ objectId, ...described }] });
    const { code, stdout } = await bed.run(['verify', '--json']);
    assert.equal(code, 6);
    const none = { entries: 0, bytes: 0 };
    assert.deepEqual(JSON.parse(stdout), {
      runId,
      duty: 'verify',
      dryRun: false,
      state: 'ended',
      limit: { entries: null, ms: 600_000, bytes: null },
      timeStarted: '2026-11-21T10:00:00.000Z',
      elapsedMs: 7_000,
      scanned: 0,
      removed: 0,
      freedBytes: 0,
      readBytes: 0,
      kept: { live: none, young: none, owned: none, undecided: none },
      usecases: [],
      truncatedDueToLimit: false,
      cursor: null,
      damaged: 1,
      damage: [
        {
          reference: 'photos:cat',
          revision: 'r',
          blob: null,
          kind: 'wrong size',
          description: '2 of 3 bytes',
        },
      ],
      undecided: 0,
      undecidedEntries: [],
      error: null,
    });
  });

  it('shows damage, and ends with 6', async () => {
    const objectId = { usecase: 'photos', scopes: [], key: 'c\u{1B}at' };
    const kind = maintenance.DamageKind.WRONG_CHECKSUM;
    const damage = [{ objectId, revision: 'r', blob: 'b', kind, description: 'not\nthose' }];
    bed.sweeper().script = (tell) => tell.report({ damaged: 1n, damage });
    const { code, stdout } = await bed.run(['verify']);
    assert.equal(code, 6);
    assert.match(stdout, /^damaged +1$/m);
    assert.match(stdout, /^photos:c\u{FFFD}at +wrong checksum +not\u{FFFD}those +b$/mu);
  });

  it('that fails shows what it had done, and why it failed', async () => {
    const down = reasonError('TIER_UNAVAILABLE', 'no tiered store can be reached');
    const error = rpc.Status.decode(statusBytes(down));
    const failed = { state: SweepState.FAILED, error, counts: countsOf({ scanned: 9n }) };
    for (const isTold of [true, false]) {
      bed.sweeper().script = async (tell) => {
        await tell.report(failed);
        if (isTold) throw down;
      };
      const { code, stdout, stderr } = await bed.run(['expire']);
      assert.equal(code, 5);
      const why = 'no tiered store can be reached (TIER_UNAVAILABLE)';
      assert.equal(stderr, `holdfast: the run failed: ${why}\n`);
      assert.match(stdout, /^scanned +9$/m);
      assert.ok(stdout.includes(` failed: ${why}\n`));
    }
  });

  it('that is cancelled by somebody is a failure', async () => {
    bed.sweeper().script = (tell) => tell.report({ state: SweepState.CANCELLED });
    const { code, stdout, stderr } = await bed.run(['expire']);
    assert.deepEqual([code, stderr], [1, 'holdfast: the run was cancelled\n']);
    assert.match(stdout, /^state +cancelled$/m);
  });
});
