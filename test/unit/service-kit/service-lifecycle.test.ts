import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { text } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';
import { sourceFlags } from '../../support/child-process.js';

const childFile = fileURLToPath(new URL('service-lifecycle-child.ts', import.meta.url));

describe('the lifecycle of a service', () => {
  for (const signal of ['SIGTERM', 'SIGINT'] as const) {
    it(`ends in order on ${signal}, with code 0`, async () => {
      const child = run('orderly');
      await child.says('started');
      child.send(signal);
      assert.equal(await child.exitCode(), 0);
      const steps = ['not-ready', 'drain', 'settle', 'force'];
      const expected = steps.flatMap((step) => [step, `${step} again`]);
      assert.deepEqual(child.lines.slice(1), ['told', ...expected]);
      assert.match(
        await child.errors,
        new RegExp(`"signal":"${signal}","message":"child shuts down"`),
      );
    });
  }

  it('goes on when a task of the shutdown fails, and ends with code 1', async () => {
    const child = run('a task fails');
    await child.says('started');
    child.send('SIGTERM');
    assert.equal(await child.exitCode(), 1);
    assert.ok(child.lines.includes('closed'));
    assert.match(await child.errors, /"task":"breaks".*broken pipe/);
  });

  it('goes on when a task does not end in its time, and ends with code 1', async () => {
    const child = run('a task hangs', 50);
    await child.says('started');
    child.send('SIGTERM');
    assert.equal(await child.exitCode(), 1);
    assert.deepEqual(child.lines.slice(1), ['told to end', 'closed']);
    assert.match(await child.errors, /"task":"hangs".*did not end in its time/);
  });

  it('ends with code 0 when a task takes all of its time and no more', async () => {
    const child = run('a task takes all of its time', 50);
    await child.says('started');
    child.send('SIGTERM');
    assert.equal(await child.exitCode(), 0);
    assert.ok(child.lines.includes('cut off'));
  });

  for (const [signal, code] of [
    ['SIGTERM', 143],
    ['SIGINT', 130],
  ] as const) {
    it(`waits for nothing after ${signal} again, and ends with code ${code}`, async () => {
      const child = run('hangs on signal', 60_000);
      await child.says('started');
      child.send(signal);
      await child.says('draining');
      // What follows at once is an echo of the first.
      const asking = setInterval(() => child.send(signal), 20);
      assert.equal(await child.exitCode(), code);
      clearInterval(asking);
    });
  }

  it('does not take one Ctrl-C that is delivered twice, or a SIGTERM after it, for a second', async () => {
    const child = run('hangs on signal', 500);
    await child.says('started');
    child.send('SIGINT');
    await child.says('draining');
    child.send('SIGINT');
    child.send('SIGTERM');
    assert.equal(await child.exitCode(), 1);
    assert.match(await child.errors, /"task":"hangs".*did not end in its time/);
  });

  it('logs why it could not start, closes what it had opened, and ends with code 1', async () => {
    const child = run('fails to start');
    assert.equal(await child.exitCode(), 1);
    assert.deepEqual(child.lines, ['closed']);
    assert.match(await child.errors, /what a surprise.*"child failed"/);
  });

  it('tells the person who starts it what to put right, and ends with code 78', async () => {
    const child = run('may not start');
    assert.equal(await child.exitCode(), 78);
    assert.deepEqual(child.lines, ['closed']);
    const errors = await child.errors;
    assert.match(
      errors,
      /^child: port 7100 on 127\.0\.0\.1 is in use\nchild: directory \/x may not/,
    );
    assert.doesNotMatch(errors, / at .*\.ts/);
  });

  it('says on one line what is wrong with its settings, and ends with code 78', async () => {
    const child = run('wrong settings');
    assert.equal(await child.exitCode(), 78);
    assert.equal(await child.errors, 'child: listen.port is "x"; allowed: a port\n');
  });

  it('ends on a signal also while it starts', async () => {
    const child = run('starts for ever', 50);
    await child.says('starting');
    child.send('SIGTERM');
    assert.equal(await child.exitCode(), 1);
    assert.deepEqual(child.lines, ['starting', 'closed']);
    assert.match(await child.errors, /"task":"start"/);
  });

  it('shuts down in order when something breaks that it cannot live without', async () => {
    const child = run('breaks while it runs');
    assert.equal(await child.exitCode(), 1);
    assert.deepEqual(child.lines, ['started', 'drained']);
    assert.match(await child.errors, /the disk is gone.*"child failed"/);
  });

  for (const [behaviour, why] of [
    ['throws', 'nobody caught this'],
    ['rejects', 'nobody awaited this'],
  ] as const) {
    it(`logs what nobody handled when something ${behaviour}, and ends at once with code 1`, async () => {
      const child = run(behaviour);
      assert.equal(await child.exitCode(), 1);
      assert.match(await child.errors, new RegExp(`"level":"error".*${why}`));
    });
  }
});

function run(behaviour: string, drainMsMax = 5_000) {
  const args = [...sourceFlags, childFile, behaviour, String(drainMsMax)];
  const child = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'pipe'] });
  const closed = once(child, 'close');
  const lines: string[] = [];
  const output = createInterface({ input: child.stdout });
  output.on('line', (line) => lines.push(line));
  return {
    lines,
    errors: text(child.stderr),
    send: (signal: NodeJS.Signals) => child.kill(signal),
    async says(line: string): Promise<void> {
      while (!lines.includes(line)) await once(output, 'line');
    },
    async exitCode(): Promise<unknown> {
      await closed;
      return child.exitCode;
    },
  };
}
