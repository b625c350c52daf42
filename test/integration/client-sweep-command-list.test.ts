import { sweeper } from '@holdfast/contracts';
import assert from 'node:assert/strict';
import { countsOf, runId, seconds, someReport } from '../support/scripted-sweeper.js';
import { useSweepCommandBed } from './sweep-command-bed.js';

const { SweepKind, SweepState } = sweeper;
const otherRun = '01a1fe35-0000-7000-8000-000000000001';
const MiB = 1024n ** 2n;

describe('the reports of holdfast admin sweep', () => {
  const bed = useSweepCommandBed();

  it('are on lines for people, cut to the terminal', async () => {
    const given = countsOf({ scanned: 1_234n, removed: 5n, freedBytes: 2n * MiB });
    bed.sweeper().reports = [
      someReport({ state: SweepState.RUNNING, dryRun: true, elapsed: seconds(70) }),
      someReport({ runId: otherRun, counts: given, truncatedDueToLimit: true, undecided: 2n }),
    ];
    const time = '2026-11-21T10:00:00.000Z';
    assert.deepEqual((await bed.printed(['reports'], { outputColumns: 200 })).split('\n'), [
      'run                                   duty               state             scanned  removed  damaged  undecided    freed  read  took  started',
      `${runId}  orphans (dry run)  running                 0        0        0          0      0 B   0 B  1:10  ${time}`,
      `${otherRun}  orphans            ended at a limit    1,234        5        0          2  2.0 MiB   0 B  0:07  ${time}`,
      '',
    ]);
    const narrow = await bed.printed(['reports'], { outputColumns: 40 });
    assert.ok(narrow.split('\n').every(({ length }) => length <= 40));
    const lines = (await bed.printed(['reports'])).split('\n');
    const counts = [1_234, 5, 0, 2, 2_097_152, 0, 7_000].join('\t');
    assert.equal(lines[1], `${otherRun}\torphans\tended at a limit\t${counts}\t${time}`);
  });

  it('are whole with --long, and as JSON', async () => {
    bed.sweeper().reports = [someReport(), someReport({ runId: otherRun })];
    const texts = (await bed.printed(['reports', '--long'])).split('\n\n');
    assert.deepEqual(
      texts.map((text) => text.split('\n')[0]),
      [runId, otherRun].map((id) => `run      ${id}`),
    );
    const told = (await bed.printed(['reports', '--json']))
      .trimEnd()
      .split('\n')
      .map((line) => (JSON.parse(line) as { runId: string }).runId);
    assert.deepEqual(told, [runId, otherRun]);
  });

  it('are of one duty, and as many as are asked for', async () => {
    const kinds = [SweepKind.VERIFY_OBJECTS, SweepKind.RECOVER_CHANGES];
    bed.sweeper().reports = Array.from({ length: 500 }, (_, at) => {
      return someReport({ kind: kinds[at % 2] ?? 0, runId: `run-${at}` });
    });
    const ids = async (...flags: string[]): Promise<string[]> =>
      (await bed.printed(['reports', ...flags]))
        .trimEnd()
        .split('\n')
        .map((line) => line.split('\t')[0] ?? '');
    const verified = bed.sweeper().reports.filter(({ kind }) => kind === SweepKind.VERIFY_OBJECTS);
    assert.deepEqual(
      await ids('--kind', 'verify', '-n', '230'),
      verified.slice(0, 230).map(({ runId: id }) => id),
    );
    assert.equal((await ids()).length, 20);
    assert.deepEqual(await ids('-n', '3'), ['run-0', 'run-1', 'run-2']);
  });
});
