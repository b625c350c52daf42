import { sweeper } from '@holdfast/contracts';
import { reasonError } from '@holdfast/rpc';
import assert from 'node:assert/strict';
import { countsOf, runId, seconds } from '../support/scripted-sweeper.js';
import { useSweepCommandBed } from './sweep-command-bed.js';

const { KeptReason } = sweeper;
const otherRun = '01a1fe35-0000-7000-8000-000000000001';
const MiB = 1024n ** 2n;

describe('a run of holdfast admin sweep', () => {
  const bed = useSweepCommandBed();

  /** What is asked for by a command line. */
  async function requestOf(...args: string[]): Promise<Record<string, unknown>> {
    await bed.printed(args);
    const [word, request] = bed.sweeper().asked.at(-1) ?? [];
    assert.equal(word, args[0]);
    return request as Record<string, unknown>;
  }

  it('goes as far as it is told, or ten minutes', async () => {
    const limit = { entries: undefined, duration: seconds(600), bytes: undefined };
    const plain = { limit, dryRun: false, fromStart: false };
    for (const word of ['recover', 'expire', 'verify']) {
      assert.deepEqual(await requestOf(word), plain);
    }
    const flags = ['--entries', '1000', '--bytes', '1.5GiB', '--dry-run', '--from-start'];
    assert.deepEqual(await requestOf('expire', ...flags), {
      limit: { entries: 1_000n, duration: undefined, bytes: 1536n * MiB },
      dryRun: true,
      fromStart: true,
    });
    const { limit: timed } = await requestOf('recover', '--time', '1.5s');
    assert.deepEqual(timed, { ...limit, duration: { seconds: 1n, nanos: 500_000_000 } });
  });

  it('of orphans takes an age and a count too', async () => {
    const request = await requestOf('orphans', '--min-age', '1h', '--max-orphans', '5');
    assert.deepEqual(request['minAge'], seconds(3_600));
    assert.equal(request['orphansLimit'], 5n);
    const { minAge: none } = await requestOf('orphans', '--min-age', '0s');
    assert.deepEqual(none, seconds(0));
    const { minAge, orphansLimit } = await requestOf('orphans', '--bytes', '4096');
    assert.deepEqual([minAge, orphansLimit], [undefined, undefined]);
  });

  it('is told of as it goes on, on a terminal on one line', async () => {
    bed.sweeper().script = async (tell) => {
      const kept = [{ reason: KeptReason.LIVE, entries: 990n, bytes: 0n }];
      const counts = countsOf({ scanned: 1_000n, removed: 10n, freedBytes: 3n * MiB, kept });
      await tell.progress({ counts, elapsed: seconds(12) });
      await tell.report({});
    };
    const told = 'orphans: 0:12, 1,000 scanned, 10 queued (3.0 MiB), 990 kept';
    const begun = `orphans: run ${runId} is under way\n`;
    const watched = await bed.run(['orphans'], { isWatched: true });
    assert.equal(watched.stderr, `${begun}\r\u{1B}[K${told}\r\u{1B}[K`);
    assert.equal((await bed.run(['orphans'])).stderr, `${begun}${told}\n`);
  });

  it('is refused while another one runs, which can be cancelled', async () => {
    bed.sweeper().script = async () => {
      const info = { run_id: otherRun };
      throw reasonError('SWEEP_RUNNING', 'a sweep of this kind is under way', { info });
    };
    const { code, stdout, stderr } = await bed.run(['orphans']);
    assert.deepEqual([code, stdout], [4, '']);
    assert.equal(
      stderr,
      'holdfast: a sweep of this kind is under way (SWEEP_RUNNING)\n' +
        `holdfast: to cancel the run that is under way: holdfast admin sweep cancel ${otherRun}\n`,
    );
  });

  it('is refused while clocks are apart', async () => {
    bed.sweeper().script = async () => {
      throw reasonError('CLOCK_SKEWED', 'the clocks are 6 minutes apart');
    };
    const { code, stderr } = await bed.run(['orphans']);
    assert.equal(code, 4);
    assert.equal(stderr, 'holdfast: the clocks are 6 minutes apart (CLOCK_SKEWED)\n');
  });

  it('that ends without a report is a fault', async () => {
    bed.sweeper().script = async () => undefined;
    const { code, stderr } = await bed.run(['verify']);
    assert.equal(code, 1);
    assert.equal(stderr, 'holdfast: the sweeper ended the call without a report\n');
  });
});
