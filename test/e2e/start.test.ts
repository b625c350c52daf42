import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { aliveOf, areGone, everything, pidOf } from '../support/cluster-start.js';
import { createStartBed, type StartBed } from '../support/cluster-start-bed.js';
import { waitUntil } from '../support/cluster-wait.js';
import { openLoaderClient } from '../support/loader-client.js';
import { chunksOf, finishOf, MiB, randomPayload } from '../support/loader-payloads.js';
import { requireRedis } from '../support/redis.js';

const run = promisify(execFile);

describe('the start on one machine', function () {
  this.timeout(180_000);
  let bed: StartBed;

  before(function () {
    requireRedis(this);
  });

  beforeEach(async () => {
    bed = await createStartBed();
  });

  afterEach(async () => {
    await bed.close();
  });

  it('as npm start prints addresses and a command that works as it stands', async () => {
    const npm = bed.start([], { command: ['npm', 'start', '--'] });
    await npm.isUp();
    const processes = await npm.processes();
    assert.deepEqual([...processes.keys()].toSorted(), [...everything].toSorted());
    for (const service of [bed.port, bed.port + 10, bed.port + 20, bed.port + 30]) {
      assert.ok(npm.output().includes(`gRPC 127.0.0.1:${service} `));
      assert.ok(npm.output().includes(`http://127.0.0.1:${service + 1}/metrics`));
    }
    const commands = npm
      .output()
      .split('\n')
      .filter((line) => line.includes('npx holdfast'));
    assert.equal(commands.length, 2);
    let last = '';
    for (const command of commands) last = (await run('sh', ['-c', command])).stdout;
    assert.equal(last, 'Hello, Holdfast!\n');

    npm.pressCtrlC();
    await npm.exit;
    assert.deepEqual(aliveOf(processes), []);
  });

  it('finds everything again when it is started a second time, jobs included', async () => {
    const first = bed.start();
    await first.isUp();
    const payload = await bed.replaceLarge('twice');
    await bed.showsJobs(1);
    first.pressCtrlC();
    assert.deepEqual(await first.exit, { code: 0, signal: null });

    await bed.start().isUp();
    const again = openLoaderClient(`127.0.0.1:${bed.port}`);
    const objectId = { usecase: 'started', key: 'twice' };
    assert.ok((await again.get({ objectId })).payload.equals(payload));
    again.close();
    await bed.showsJobs(1);
  });

  it('drains on Ctrl-C, also when that arrives twice at once, and leaves no process', async () => {
    const process = bed.start();
    await process.isUp();
    const processes = await process.processes();
    assert.equal(processes.size, everything.length);
    const payload = randomPayload(2 * MiB);
    const client = openLoaderClient(`127.0.0.1:${bed.port}`);
    const upload = client.openUpload();
    await upload.send({ header: { objectId: { usecase: 'started', key: 'draining' } } });
    for (const chunk of chunksOf(payload)) await upload.send({ chunk });
    await waitUntil(
      'the upload runs',
      async () => (await fetch(`http://127.0.0.1:${bed.port + 1}/metrics`)).text(),
      (metrics) => /^holdfast_rpc_calls_in_flight\{.*PutObject.*\} 1$/m.test(metrics),
    );

    process.pressCtrlC();
    process.signal('SIGINT');
    await waitUntil(
      'the gateway is not ready any more',
      async () => (await fetch(`http://127.0.0.1:${bed.port + 1}/readyz`)).status,
      (status) => status === 503,
    );
    // What the gateway still needs has not been told to end.
    assert.equal(aliveOf(processes).length, everything.length);
    await upload.send({ finish: finishOf(payload) });
    upload.call.end();
    assert.equal((await upload.answer).size, payload.length);
    assert.deepEqual(await process.exit, { code: 0, signal: null });
    assert.deepEqual(aliveOf(processes), []);
    client.close();
  });

  it('ends in bounded time although a service hangs, and says so', async () => {
    const hanging = bed.start(['--drain', '1']);
    await hanging.isUp();
    const processes = await hanging.processes();
    process.kill(pidOf('gateway', processes), 'SIGSTOP');
    hanging.pressCtrlC();
    assert.equal((await hanging.exit).code, 1);
    assert.match(hanging.output(), /gateway did not end in time and was killed/);
    assert.deepEqual(aliveOf(processes), []);
  });

  it('ends at once when Ctrl-C is pressed again later', async () => {
    const hanging = bed.start(['--drain', '600']);
    await hanging.isUp();
    const processes = await hanging.processes();
    for (const pid of processes.values()) process.kill(pid, 'SIGSTOP');
    hanging.pressCtrlC();
    await waitUntil(
      'it says how to insist',
      () => hanging.output(),
      (output) => output.includes('press Ctrl-C again'),
    );
    hanging.pressCtrlC();
    assert.equal((await hanging.exit).code, 130);
    await areGone(processes);
  });

  it('stops everything with a clear line when a service ends by itself', async () => {
    for (const name of ['tiered-store', 'cleanup-worker', 'sweeper'] as const) {
      const process = bed.start();
      await process.isUp();
      const processes = await process.processes();
      globalThis.process.kill(pidOf(name, processes), 'SIGKILL');
      assert.equal((await process.exit).code, 1);
      assert.ok(process.output().includes(`${name} was ended by SIGKILL: stopping everything`));
      assert.deepEqual(aliveOf(processes), []);
    }
  });

  it('leaves nothing behind when it is killed itself', async () => {
    const killed = bed.start();
    await killed.isUp();
    const processes = await killed.processes();
    killed.signal('SIGKILL');
    await killed.exit;
    await areGone(processes);
    // Nor does what it left behind keep the next one from starting.
    await bed.start().isUp();
  });
});
