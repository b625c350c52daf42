import assert from 'node:assert/strict';
import { isAlive, pidOf } from '../support/cluster-start.js';
import { createStartBed, type StartBed } from '../support/cluster-start-bed.js';
import { waitUntil } from '../support/cluster-wait.js';
import { runHoldfast } from '../support/holdfast-command.js';
import { requireRedis, startRedis } from '../support/redis.js';

describe('the queue of a start on one machine', function () {
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

  it('prints the address of the dashboard, which answers there', async () => {
    const process = bed.start();
    await process.isUp();
    const page = `http://127.0.0.1:${bed.port + 21}/queues`;
    assert.match(process.output(), new RegExp(`^ +${page}$`, 'm'));
    const answer = await fetch(page);
    assert.equal(answer.status, 200);
    assert.match(answer.headers.get('content-type') ?? '', /^text\/html/);
    assert.match(await answer.text(), /<html/);
  });

  it('sweeps when it is asked to', async () => {
    await bed.start().isUp();
    await bed.replaceLarge('swept');
    const sweeper = `127.0.0.1:${bed.port + 30}`;
    const { code, stdout } = await runHoldfast(['admin', 'sweep', 'verify', '--json'], sweeper);
    assert.equal(code, 0);
    const { state, scanned, damaged } = JSON.parse(stdout) as Record<string, unknown>;
    assert.deepEqual({ state, scanned, damaged }, { state: 'ended', scanned: 1, damaged: 0 });
  });

  it('uses the Redis that it is given, and starts none', async () => {
    const redis = await startRedis();
    try {
      const byFlag = bed.start(['--redis', redis.url]);
      await byFlag.isUp();
      assert.deepEqual([...(await byFlag.processes()).keys()].toSorted(), [
        'cleanup-worker',
        'gateway',
        'sweeper',
        'tiered-store',
      ]);
      await bed.replaceLarge('elsewhere');
      await bed.showsJobs(1);
      assert.notEqual(await redis.send('DBSIZE'), 0);
      assert.ok(!byFlag.output().includes(redis.url));
      byFlag.pressCtrlC();
      assert.equal((await byFlag.exit).code, 0);
      assert.equal(await redis.send('PING'), 'PONG');

      const byEnvironment = bed.start([], { environment: { HOLDFAST_QUEUE__URL: redis.url } });
      await byEnvironment.isUp();
      assert.ok(!(await byEnvironment.processes()).has('redis'));
      await bed.showsJobs(1);
    } finally {
      await redis.remove();
    }
  });

  it('goes on when Redis dies, with all jobs', async () => {
    const process = bed.start();
    await process.isUp();
    await bed.replaceLarge('survives');
    await bed.showsJobs(1);
    const first = pidOf('redis', await process.processes());
    globalThis.process.kill(first, 'SIGKILL');
    await waitUntil(
      'Redis runs again',
      async () => (await process.processes()).get('redis'),
      (pid) => pid !== undefined && pid !== first,
    );
    assert.match(process.output(), /^redis was ended by SIGKILL: starting it again$/m);
    await waitUntil(
      'the worker is ready again',
      async () => (await fetch(`http://127.0.0.1:${bed.port + 21}/readyz`)).status,
      (status) => status === 200,
    );
    await bed.showsJobs(1);
    process.pressCtrlC();
    assert.deepEqual(await process.exit, { code: 0, signal: null });
  });

  it('ends the Redis that is left when everything around it is killed at once', async () => {
    const killed = bed.start();
    await killed.isUp();
    await bed.replaceLarge('left-behind');
    await bed.showsJobs(1);
    const processes = await killed.processes();
    const redis = pidOf('redis', processes);
    // As `killall -9 node` does: nobody is left to end it.
    process.kill(killed.pid, 'SIGSTOP');
    for (const [name, pid] of processes) if (name !== 'redis') process.kill(pid, 'SIGKILL');
    killed.signal('SIGKILL');
    await killed.exit;
    assert.ok(isAlive(redis));

    const next = bed.start();
    await next.isUp();
    assert.match(next.output(), /^ending the Redis on port \d+ that an earlier start has left/m);
    assert.ok(!isAlive(redis));
    await bed.showsJobs(1);
  });
});
