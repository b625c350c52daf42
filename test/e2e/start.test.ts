import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { chmod, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import {
  childrenOf,
  freeStartPort,
  isAlive,
  runStart,
  type StartedStart,
} from '../support/cluster-start.js';
import { waitUntil } from '../support/cluster-wait.js';
import { openLoaderClient } from '../support/loader-client.js';
import { chunksOf, finishOf, MiB, randomPayload } from '../support/loader-payloads.js';

const run = promisify(execFile);
const exitCodeStartFailure = 78;
const drainSeconds = 20;
/** Beyond the drain; so long a service may take to close. */
const closeMsMax = 12_000;

describe('the start on one machine', function () {
  this.timeout(180_000);
  let folder: string;
  let port: number;
  let started: StartedStart[];

  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'holdfast-start-'));
    port = await freeStartPort();
    started = [];
  });

  afterEach(async () => {
    for (const { pid, exit } of started) {
      if (isAlive(pid)) process.kill(pid, 'SIGKILL');
      await exit;
    }
    await rm(folder, { recursive: true, force: true });
  });

  function start(more: readonly string[] = [], command?: readonly string[]): StartedStart {
    const own = ['--data', join(folder, 'data'), '--port', String(port)];
    const process = runStart([...own, '--drain', String(drainSeconds), ...more], command);
    started.push(process);
    return process;
  }

  async function endsWithOneLine(process: StartedStart, line: RegExp): Promise<void> {
    assert.deepEqual(await process.exit, { code: exitCodeStartFailure, signal: null });
    assert.match(process.output(), line);
    assert.equal(process.output().trimEnd().split('\n').length, 1, process.output());
  }

  it('as npm start prints addresses and a command that works as it stands', async () => {
    const npm = start([], ['npm', 'start', '--']);
    await npm.isUp();
    const services = await servicesBelow(npm.pid);
    assert.ok(npm.output().includes(`127.0.0.1:${port}`));
    assert.ok(npm.output().includes(`http://127.0.0.1:${port + 1}/metrics`));
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
    assert.equal(services.length, 2);
    assert.deepEqual(services.filter(isAlive), []);
  });

  it('finds everything again when it is started a second time', async () => {
    const payload = randomPayload(2 * MiB);
    const objectId = { usecase: 'started', key: 'twice' };
    const first = start();
    await first.isUp();
    const client = openLoaderClient(`127.0.0.1:${port}`);
    await client.put({ objectId }, chunksOf(payload), finishOf(payload));
    client.close();
    first.pressCtrlC();
    assert.deepEqual(await first.exit, { code: 0, signal: null });

    await start().isUp();
    const again = openLoaderClient(`127.0.0.1:${port}`);
    assert.ok((await again.get({ objectId })).payload.equals(payload));
    again.close();
  });

  it('drains on Ctrl-C, also when that arrives twice at once, and leaves no process', async () => {
    const process = start();
    await process.isUp();
    const services = await process.children();
    assert.equal(services.length, 2);
    const payload = randomPayload(2 * MiB);
    const client = openLoaderClient(`127.0.0.1:${port}`);
    const upload = client.openUpload();
    await upload.send({ header: { objectId: { usecase: 'started', key: 'draining' } } });
    for (const chunk of chunksOf(payload)) await upload.send({ chunk });
    await waitUntil(
      'the upload runs',
      async () => (await fetch(`http://127.0.0.1:${port + 1}/metrics`)).text(),
      (metrics) => /^holdfast_rpc_calls_in_flight\{.*PutObject.*\} 1$/m.test(metrics),
    );

    process.pressCtrlC();
    process.signal('SIGINT');
    await waitUntil(
      'the gateway is not ready any more',
      async () => (await fetch(`http://127.0.0.1:${port + 1}/readyz`)).status,
      (status) => status === 503,
    );
    await upload.send({ finish: finishOf(payload) });
    upload.call.end();
    assert.equal((await upload.answer).size, payload.length);
    assert.deepEqual(await process.exit, { code: 0, signal: null });
    assert.deepEqual(services.filter(isAlive), []);
    client.close();
  });

  it('ends in bounded time although a service hangs, and says so', async () => {
    const hanging = start(['--drain', '1']);
    await hanging.isUp();
    const services = await hanging.children();
    const [, gateway = 0] = services;
    process.kill(gateway, 'SIGSTOP');
    const startedAt = performance.now();
    hanging.pressCtrlC();
    assert.equal((await hanging.exit).code, 1);
    assert.ok(performance.now() - startedAt < 1_000 + closeMsMax);
    assert.match(hanging.output(), /gateway did not end in time and was killed/);
    assert.deepEqual(services.filter(isAlive), []);
  });

  it('ends at once when Ctrl-C is pressed again later', async () => {
    const hanging = start(['--drain', '600']);
    await hanging.isUp();
    const services = await hanging.children();
    for (const pid of services) process.kill(pid, 'SIGSTOP');
    hanging.pressCtrlC();
    await waitUntil(
      'it says how to insist',
      () => hanging.output(),
      (output) => output.includes('press Ctrl-C again'),
    );
    hanging.pressCtrlC();
    assert.equal((await hanging.exit).code, 130);
    assert.deepEqual(services.filter(isAlive), []);
  });

  it('stops everything with a clear line when a service ends by itself', async () => {
    const process = start();
    await process.isUp();
    const services = await process.children();
    globalThis.process.kill(services[0] ?? 0, 'SIGKILL');
    assert.equal((await process.exit).code, 1);
    assert.match(process.output(), /tiered-store was ended by SIGKILL: stopping everything/);
    assert.deepEqual(services.filter(isAlive), []);
  });

  it('leaves no service behind when it is killed itself', async () => {
    const killed = start();
    await killed.isUp();
    const services = await killed.children();
    killed.signal('SIGKILL');
    await killed.exit;
    await waitUntil(
      'no service is left',
      () => services.filter(isAlive),
      (alive) => alive.length === 0,
    );
    // Nor does what it left behind keep the next one from starting.
    await start().isUp();
  });

  it('says in one line which port is in use', async () => {
    const server = createServer();
    await new Promise<void>((resolve) => server.listen(port + 10, '127.0.0.1', resolve));
    try {
      await endsWithOneLine(start(), new RegExp(`port ${port + 10} on 127.0.0.1 is in use`));
    } finally {
      server.close();
    }
  });

  it('says in one line that another start has the data folder', async () => {
    await start().isUp();
    const other = runStart([
      '--data',
      join(folder, 'data'),
      '--port',
      String(await freeStartPort()),
    ]);
    started.push(other);
    await endsWithOneLine(other, /the data folder .* is in use by another start/);
  });

  it('says in one line that the data folder cannot be used', async () => {
    await writeFile(join(folder, 'file'), '');
    const cannot = /the data folder .* cannot be used/;
    await endsWithOneLine(start(['--data', join(folder, 'file')]), cannot);
    await endsWithOneLine(start(['--data', join(folder, 'file', 'below')]), cannot);
    await endsWithOneLine(start(['--data', '/proc/holdfast']), cannot);
  });

  it('says in one line that what is in the data folder is not its own', async () => {
    const data = join(folder, 'foreign');
    await run('mkdir', ['-p', join(data, 'blobs')]);
    await chmod(data, 0o700);
    await writeFile(join(data, 'blobs', 'somebody-elses.txt'), '');
    await endsWithOneLine(start(['--data', data]), /tiered-store: .*somebody-elses\.txt/);
  });

  it('says what is wrong with its arguments, and what there are', async () => {
    const wrong = runStart(['--prot', '7000']);
    assert.equal((await wrong.exit).code, 2);
    assert.match(wrong.output(), /^Unknown option '--prot'; --help says what there is\n$/);
    const help = runStart(['--help']);
    assert.equal((await help.exit).code, 0);
    assert.match(help.output(), /--data DIR/);
    const port0 = runStart(['--port', '65535']);
    assert.equal((await port0.exit).code, 2);
    const drain = start(['--drain', '601']);
    assert.equal((await drain.exit).code, 2);
    assert.match(drain.output(), /^--drain is "601", it has to be a number from 1 to 600;/);
  });
});

/** Of npm, which runs a shell, which may run the start: its services are below that. */
async function servicesBelow(pid: number): Promise<number[]> {
  const services: number[] = [];
  for (const child of await childrenOf(pid)) {
    const command = await readFile(`/proc/${child}/cmdline`, 'utf8');
    if (command.includes('services/')) services.push(child);
    services.push(...(await servicesBelow(child)));
  }
  return services;
}
