import { Redis } from 'ioredis';
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { chmod, mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { createServer, type Server } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { endLeftover } from '../../deploy/local/redis/end-leftover.js';
import { keepRedis } from '../../deploy/local/redis/keep-redis.js';
import { planRedis } from '../../deploy/local/redis/plan-redis.js';
import { createAccess, urlOf, type RedisAccess } from '../../deploy/local/redis/redis-access.js';
import { runServer, type ServerRun } from '../../deploy/local/redis/run-server.js';
import { startService, type ServiceProcess } from '../../deploy/local/service-process.js';
import { StartFailure } from '../../deploy/local/start-failure.js';
import { waitReady } from '../../deploy/local/wait-ready.js';
import { freePorts } from '../support/cluster-ports.js';
import { childrenOf, isAlive } from '../support/cluster-start.js';
import { waitUntil } from '../support/cluster-wait.js';
import { findRedisServer, requireRedis } from '../support/redis-binary.js';
import { startRedis } from '../support/redis.js';

const exitCodeStartFailure = 78;
const upMsMax = 15_000;

describe('the Redis of a start', function () {
  this.timeout(60_000);
  let folder: string;
  let port: number;
  let access: RedisAccess;
  let said: string[];
  let asked: AbortController;
  let kept: Promise<number>;
  const program = findRedisServer() ?? '';
  const say = (line: string): void => void said.push(line);

  before(function () {
    requireRedis(this);
  });

  beforeEach(async () => {
    folder = join(await mkdtemp(join(tmpdir(), 'holdfast-start-')), 'redis');
    [port = 0] = await freePorts(1);
    access = await createAccess(folder, port);
    said = [];
    asked = new AbortController();
    kept = Promise.resolve(0);
  });

  afterEach(async () => {
    asked.abort();
    await kept;
    await rm(join(folder, '..'), { recursive: true, force: true });
  });

  function keep(): void {
    kept = keepRedis({ program, access }, { stop: asked.signal, say });
  }

  async function send(...[name = '', ...rest]: readonly string[]): Promise<unknown> {
    const client = new Redis(urlOf(access), { retryStrategy: () => null });
    client.on('error', () => undefined);
    try {
      return await client.call(name, ...rest);
    } finally {
      client.disconnect();
    }
  }

  async function isUp(): Promise<number> {
    const info = await waitUntil(
      'Redis answers',
      () => send('INFO', 'server'),
      () => true,
      upMsMax,
    );
    return Number(/process_id:(\d+)/.exec(String(info))?.[1]);
  }

  /** Kills it, and waits until its keeper has noticed. */
  async function killed(): Promise<void> {
    const lines = said.length;
    process.kill(await isUp(), 'SIGKILL');
    await waitUntil(
      'its end is told',
      () => said.length,
      (now) => now > lines,
    );
  }

  it('tells nobody its password who cannot read the files of its owner', async () => {
    keep();
    const pid = await isUp();
    assert.equal((await stat(folder)).mode & 0o777, 0o700);
    assert.equal((await stat(join(folder, 'url'))).mode & 0o777, 0o600);
    assert.equal(await readFile(join(folder, 'url'), 'utf8'), `${urlOf(access)}\n`);
    const command = await readFile(`/proc/${pid}/cmdline`, 'utf8');
    assert.ok(!command.includes(access.password));
    const stranger = new Redis({ host: '127.0.0.1', port, retryStrategy: () => null });
    stranger.on('error', () => undefined);
    await assert.rejects(stranger.call('GET', 'a'), /NOAUTH/);
    stranger.disconnect();
  });

  it('has another password with every start', async () => {
    const { password } = access;
    access = await createAccess(folder, port);
    assert.match(access.password, /^[0-9a-f]{64}$/);
    assert.notEqual(access.password, password);
  });

  it('forgets nothing, evicts nothing, and is reached from this machine only', async () => {
    keep();
    await isUp();
    const wanted = {
      appendonly: 'yes',
      appendfsync: 'everysec',
      'maxmemory-policy': 'noeviction',
      'protected-mode': 'yes',
      bind: '127.0.0.1',
      dir: folder,
    };
    for (const [name, value] of Object.entries(wanted)) {
      assert.deepEqual(await send('CONFIG', 'GET', name), [name, value]);
    }
  });

  it('is there again after a stop with all it had, and says nothing of either', async () => {
    keep();
    await isUp();
    await send('SET', 'a', '1');
    asked.abort();
    assert.equal(await kept, 0);

    asked = new AbortController();
    access = await createAccess(folder, port);
    keep();
    await isUp();
    assert.equal(await send('GET', 'a'), '1');
    asked.abort();
    assert.equal(await kept, 0);
    assert.deepEqual(said, []);
  });

  it('is started again when it dies, with all it had, on the same port', async () => {
    keep();
    await isUp();
    await send('SET', 'a', '1');
    await killed();
    await isUp();
    assert.equal(await send('GET', 'a'), '1');
    assert.deepEqual(said, ['redis was ended by SIGKILL: starting it again']);
  });

  it('is given up when it dies again and again', async () => {
    keep();
    for (let death = 1; death <= 6; death += 1) await killed();
    assert.equal(await kept, 1);
    assert.equal(said.length, 6);
    assert.equal(said.at(-1), 'redis was ended by SIGKILL, again after 5 restarts in a row');
  });

  it('ends when it is asked to while it waits for its next life', async () => {
    keep();
    for (let death = 1; death <= 4; death += 1) await killed();
    asked.abort();
    assert.equal(await kept, 0);
  });

  it('says once it runs what it has to complain about', async () => {
    keep();
    await isUp();
    await waitUntil(
      'it is told',
      async () => {
        await send('EVAL', "redis.log(redis.LOG_WARNING, 'the disk is odd')", '0');
        return said;
      },
      (lines) => lines.includes('redis: the disk is odd'),
    );
  });

  it('says why when it ends by itself, and is started again', async () => {
    keep();
    await waitUntil(
      'its end is told',
      async () => {
        await send('SHUTDOWN').catch(() => undefined);
        return said.join('\n');
      },
      (lines) =>
        /^redis ended with exit code 0 \(.*ready to exit.*\): starting it again$/m.test(lines),
    );
    await isUp();
  });

  it('is killed when it does not end in time', async () => {
    keep();
    const pid = await isUp();
    process.kill(pid, 'SIGSTOP');
    asked.abort();
    assert.equal(await kept, 1);
    assert.ok(!isAlive(pid));
    assert.deepEqual(said, ['redis did not end in time and was killed']);
  });

  it('is not said to have been slow when somebody else kills it while it is to end', async () => {
    keep();
    const pid = await isUp();
    process.kill(pid, 'SIGSTOP');
    asked.abort();
    process.kill(pid, 'SIGKILL');
    assert.equal(await kept, 1);
    assert.deepEqual(said, ['redis was ended by SIGKILL']);
  });

  it('that cannot start is a failure in one line with its own words', async () => {
    const other = createServer((socket) => socket.resume()).listen(port, '127.0.0.1');
    await once(other, 'listening');
    keep();
    assert.equal(await kept, exitCodeStartFailure);
    assert.match(said.join('\n'), /^redis: \S+ does not start on .*: Failed listening on port .*$/);
    await closed(other);
  });

  it('that is no Redis at all is a failure in one line, without the password', async () => {
    const fake = join(folder, 'fake');
    await writeFile(fake, '#!/bin/sh\nread -r a\ncat\nexit 3\n');
    kept = keepRedis({ program: fake, access }, { stop: asked.signal, say });
    assert.equal(await kept, exitCodeStartFailure);
    assert.match(said.join('\n'), /^redis: .*fake does not start on .*EACCES$/);
    await chmod(fake, 0o700);
    kept = keepRedis({ program: fake, access }, { stop: asked.signal, say });
    assert.equal(await kept, exitCodeStartFailure);
    assert.equal(said.length, 2);
    assert.ok(!said.join('\n').includes(access.password));
  });

  describe('that a killed start has left behind', () => {
    let leftover: ServerRun | undefined;

    afterEach(async () => {
      await leftover?.stop();
      leftover = undefined;
    });

    /** As it is when its keeper has been killed with everything else. */
    async function leaveBehind(): Promise<number> {
      leftover = runServer({ program, access }, () => undefined);
      const pid = await isUp();
      await send('SET', 'a', '1');
      return pid;
    }

    it('is ended with its data saved, and said so', async () => {
      const pid = await leaveBehind();
      await endLeftover(folder, say);
      assert.deepEqual(await leftover?.ended, { code: 0, signal: null });
      assert.ok(!isAlive(pid));
      assert.deepEqual(said, [
        `ending the Redis on port ${port} that an earlier start has left behind`,
      ]);
      access = await createAccess(folder, port);
      keep();
      await isUp();
      assert.equal(await send('GET', 'a'), '1');
    });

    it('is named in one line when it does not answer, and nothing is started beside it', async () => {
      const pid = await leaveBehind();
      process.kill(pid, 'SIGSTOP');
      await assert.rejects(
        endLeftover(folder, say),
        (error) =>
          error instanceof StartFailure &&
          error.message.includes(`a Redis on ${folder}, port ${port}, `) &&
          error.message.includes('does not answer'),
      );
      process.kill(pid, 'SIGCONT');
    });

    it('is not taken for somebody else who listens there by now', async () => {
      const strangers = await startRedis();
      await createAccess(folder, strangers.port);
      await endLeftover(folder, say);
      assert.equal(await strangers.send('PING'), 'PONG');
      await strangers.remove();

      const talker = createServer((socket) => {
        socket
          .on('error', () => undefined)
          .resume()
          .end('HTTP/1.1 400 Bad Request\r\n\r\n');
      }).listen(port, '127.0.0.1');
      await once(talker, 'listening');
      await createAccess(folder, port);
      await endLeftover(folder, say);
      await closed(talker);
      assert.deepEqual(said, []);
    });

    it('is not taken for a mute stranger on its port, whether it ended or was killed', async () => {
      for (const end of ['stopped', 'killed'] as const) {
        const pid = await leaveBehind();
        if (end === 'killed') process.kill(pid, 'SIGKILL');
        else await leftover?.stop();
        await leftover?.ended;
        const mute = createServer((socket) => {
          socket.on('error', () => undefined).resume();
        }).listen(port, '127.0.0.1');
        await once(mute, 'listening');
        await endLeftover(folder, say);
        await closed(mute);
      }
      assert.deepEqual(said, []);
      keep();
      await isUp();
      assert.equal(await send('GET', 'a'), '1');
    });

    it('is nothing where there has been no start, or where nobody is left', async () => {
      await endLeftover(folder, say);
      await rm(folder, { recursive: true });
      await endLeftover(folder, say);
      assert.deepEqual(said, []);
    });
  });

  describe('as a process', () => {
    let keeper: ServiceProcess | undefined;

    afterEach(async () => {
      keeper?.kill();
      await keeper?.ended;
    });

    async function start(): Promise<{ readonly keeper: number; readonly redis: number }> {
      const [plan] = planRedis({ kind: 'own', program, access }, process.env);
      assert.ok(plan);
      const before = await childrenOf(process.pid);
      keeper = startService(plan);
      assert.ok(await waitReady(plan.isReady, AbortSignal.timeout(upMsMax)));
      const started = await childrenOf(process.pid);
      const [pid = 0] = started.filter((child) => !before.includes(child));
      return { keeper: pid, redis: await isUp() };
    }

    async function isGone(pid: number): Promise<void> {
      await waitUntil(
        'it is gone',
        () => isAlive(pid),
        (alive) => !alive,
      );
    }

    it('ends with its keeper, however that ends', async () => {
      const asKeeper = await start();
      assert.deepEqual(await keeper?.stop(upMsMax), { code: 0, signal: null });
      assert.ok(!isAlive(asKeeper.redis));

      const killedTogether = await start();
      keeper?.kill();
      await keeper?.ended;
      await isGone(killedTogether.redis);

      const alone = await start();
      process.kill(alone.keeper, 'SIGKILL');
      await keeper?.ended;
      await isGone(alone.redis);
    });
  });
});

async function closed(server: Server): Promise<void> {
  server.close();
  await once(server, 'close');
}
