import { status } from '@grpc/grpc-js';
import { reasonError, rpcError } from '@holdfast/rpc';
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { waitUntil } from '../support/cluster-wait.js';
import { endOf, spawnHoldfast } from '../support/holdfast-command.js';
import { runId } from '../support/scripted-sweeper.js';
import { useSweepCommandBed } from './sweep-command-bed.js';

describe('a run of holdfast admin sweep that nobody follows any more', () => {
  const bed = useSweepCommandBed();

  /** The run stays under way until whoever follows it goes away. */
  function neverEnds(): void {
    bed.sweeper().script = async (tell, signal) => {
      await tell.progress({});
      if (!signal.aborted) await once(signal, 'abort');
    };
  }

  it('goes on when somebody goes away, who is told how to cancel it', async () => {
    neverEnds();
    const child = spawnHoldfast(['admin', 'sweep', 'verify'], bed.address());
    let told = '';
    child.stderr?.on('data', (data) => (told += String(data)));
    const end = endOf(child);
    await waitUntil(
      'the run is under way',
      () => told,
      (text) => text.includes('under way'),
    );
    child.kill('SIGINT');
    const { code, stdout, stderr } = await end;
    assert.deepEqual([code, stdout], [130, '']);
    const hint = `the run goes on; to cancel it: holdfast admin sweep cancel ${runId}`;
    assert.ok(stderr.endsWith(`\nholdfast: ${hint}\n`), stderr);
  });

  it('may have begun when somebody goes away before it is heard of', async () => {
    const interrupt = new AbortController();
    bed.sweeper().script = async (_tell, signal) => {
      interrupt.abort();
      if (!signal.aborted) await once(signal, 'abort');
    };
    const { code, stderr } = await bed.run(['verify'], { signal: interrupt.signal });
    assert.equal(code, 130);
    assert.equal(stderr, 'holdfast: it may have begun: holdfast admin sweep reports tells\n');
  });

  it('goes on when time is up, and may when the connection is lost', async () => {
    const at = ['--sweeper', bed.address()];
    const command = `holdfast admin sweep ${at.join(' ')} cancel ${runId}`;
    bed.sweeper().script = async (tell) => {
      await tell.progress({});
      throw rpcError(status.UNAVAILABLE, undefined, 'the connection was lost');
    };
    const lost = await bed.run(['verify', ...at]);
    assert.equal(lost.code, 5);
    assert.ok(lost.stderr.includes('holdfast: the connection was lost (UNAVAILABLE)\n'));
    assert.ok(lost.stderr.endsWith(`holdfast: the run may go on; to cancel it: ${command}\n`));

    neverEnds();
    const late = await bed.run(['verify', '--timeout', '300ms']);
    assert.equal(late.code, 5);
    assert.match(late.stderr, /\(DEADLINE_EXCEEDED\)\nholdfast: the run goes on; .*\n$/);
  });

  it('goes on when the sweeper shuts down', async () => {
    const info = { run_id: runId };
    const down = reasonError('SHUTTING_DOWN', 'this sweeper shuts down', { info });
    for (const isToldOf of [true, false]) {
      bed.sweeper().script = async (tell) => {
        if (isToldOf) await tell.progress({});
        throw down;
      };
      const { code, stderr } = await bed.run(['verify']);
      assert.equal(code, 5);
      const hint = `the run goes on; to cancel it: holdfast admin sweep cancel ${runId}`;
      const why = 'this sweeper shuts down (SHUTTING_DOWN)';
      assert.ok(stderr.endsWith(`holdfast: ${why}\nholdfast: ${hint}\n`), stderr);
    }
  });

  it('has not begun where the sweeper shut down before', async () => {
    bed.sweeper().script = async () => {
      throw reasonError('SHUTTING_DOWN', 'nothing was done');
    };
    const { code, stderr } = await bed.run(['verify']);
    assert.deepEqual([code, stderr], [5, 'holdfast: nothing was done (SHUTTING_DOWN)\n']);
  });
});
