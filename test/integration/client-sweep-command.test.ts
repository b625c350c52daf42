import assert from 'node:assert/strict';
import { endOf, runHoldfast, spawnHoldfast } from '../support/holdfast-command.js';
import { runId, someReport } from '../support/scripted-sweeper.js';
import { useSweepCommandBed } from './sweep-command-bed.js';

const otherRun = '01a1fe35-0000-7000-8000-000000000001';

describe('holdfast admin sweep', () => {
  const bed = useSweepCommandBed();

  describe('cancel', () => {
    it('ends a run, and does not mind one that has ended', async () => {
      assert.equal(await bed.printed(['cancel', runId]), `${runId} ends at its next step\n`);
      assert.deepEqual(JSON.parse(await bed.printed(['cancel', runId, '--json'])), {
        runId,
        state: 'running',
      });
      bed.sweeper().reports = [someReport({ runId: otherRun })];
      assert.equal(
        await bed.printed(['cancel', otherRun]),
        `${otherRun} has ended already: ended\n`,
      );
    });

    it('says that there is no such run', async () => {
      const { code, stderr } = await bed.run(['cancel', otherRun]);
      assert.equal(code, 3);
      assert.equal(stderr, 'holdfast: there is no such run (SWEEP_NOT_FOUND)\n');
    });
  });

  it('ends with a code that tells what is wrong', async () => {
    const cases = [
      [[], 2, /a command is expected after admin sweep/],
      [['all'], 2, /there is no command admin sweep all/],
      [['verify', 'x'], 2, /too many operands: none is expected/],
      [['cancel'], 2, /too few operands: RUN_ID is expected/],
      [['verify', '--entries', '0'], 2, /--entries must be .* from 1 to 100000000; given 0/],
      [['verify', '--time', '5'], 2, /--time must be a duration like/],
      [['verify', '--bytes', '1GB'], 2, /--bytes must be a size like .*; given 1GB/],
      [['verify', '--min-age', '1h'], 2, /unknown option '--min-age'/],
      [['orphans', '--max-orphans', 'x'], 2, /--max-orphans must be .* from 1 to 100000000;/],
      [['orphans', '--min-age', 'soon'], 2, /--min-age must be a duration like .*; given soon/],
      [['verify', '--time', '0s'], 2, /--time must be a duration like .*; given 0s/],
      [['reports', '--kind', 'all'], 2, /--kind must be one of recover, orphans, expire, verify/],
      [['reports', '--cleanup-worker', 'x:1'], 2, /unknown option '--cleanup-worker'/],
      [['reports', '--sweeper', 'x'], 2, /address: must be host:port/],
    ] as const;
    for (const [args, code, message] of cases) {
      const end = await bed.run(args);
      assert.equal(end.code, code, `${args.join(' ')}: ${end.stderr}`);
      assert.match(end.stderr, message);
      assert.equal(end.stdout, '');
    }
    assert.deepEqual(bed.sweeper().asked, []);
  });

  it('points to its help when a command is missing or unknown', async () => {
    const usage =
      'usage: holdfast admin sweep COMMAND [FLAGS] …; see holdfast admin sweep --help\n';
    for (const args of [[], ['verfy']]) assert.ok((await bed.run(args)).stderr.endsWith(usage));
    const { stderr } = await bed.run(['verify', 'x']);
    assert.match(stderr, /see holdfast admin sweep verify --help\n$/);
    const other = await runHoldfast(['admin', 'swep'], bed.address());
    assert.match(other.stderr, /see holdfast admin --help\n$/);
  });

  it('takes the sweeper from its flag before the environment, anywhere on the line', async () => {
    const at = ['--sweeper', bed.address()];
    for (const args of [
      [...at, 'admin', 'sweep', 'cancel', runId],
      ['admin', ...at, 'sweep', 'cancel', runId],
      ['admin', 'sweep', ...at, 'cancel', runId],
      ['admin', 'sweep', 'cancel', runId, ...at],
    ]) {
      assert.equal((await runHoldfast(args, '127.0.0.1:1')).code, 0, args.join(' '));
    }
  });

  it('takes the sweeper from the environment', async () => {
    const end = await endOf(spawnHoldfast(['admin', 'sweep', 'cancel', runId], bed.address()));
    assert.deepEqual([end.code, end.stderr], [0, '']);
  });

  it('says that there is no sweeper, soon', async () => {
    await bed.stopSweeper();
    const end = await bed.run(['verify', '--timeout', '500ms']);
    assert.equal(end.code, 5);
    assert.match(end.stderr, /^holdfast: cannot connect to 127.0.0.1:\d+ \(UNAVAILABLE\)\n$/);
  });
});
