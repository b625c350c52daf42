import assert from 'node:assert/strict';
import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { bytesOf, createClientFixture, MiB } from '../support/client-fixture.js';
import { endOf, holdfastCommand, spawnHoldfast } from '../support/holdfast-command.js';
import { skipWithout } from '../support/require-all.js';

/** Runs a command line on a terminal of its own. */
const terminal = 'script';

describe('the holdfast command as a process', () => {
  const fixture = createClientFixture();
  let directory = '';
  beforeEach(async () => {
    directory = await mkdtemp(join(tmpdir(), 'holdfast-'));
  });
  afterEach(async () => {
    await fixture.close();
    await rm(directory, { recursive: true });
  });

  it('passes bytes through pipes as they are', async () => {
    const { server, client } = await fixture.start();
    const payload = bytesOf(3 * MiB + 5);
    const put = spawnHoldfast(['put', '-', 'photos:a'], server.address);
    put.stdin?.end(payload);
    assert.deepEqual(await endOf(put), { code: 0, stdout: 'photos:a\n', stderr: '' });
    assert.deepEqual(Buffer.from(await (await client.get('photos:a')).bytes()), payload);

    const get = spawnHoldfast(['get', 'photos:a'], server.address);
    const chunks: Buffer[] = [];
    get.stdout?.on('data', (chunk: Buffer) => chunks.push(chunk));
    await once(get, 'close');
    assert.deepEqual(Buffer.concat(chunks), payload);
  });

  it('prints its version and its help', async () => {
    const { server } = await fixture.start();
    const version = await endOf(spawnHoldfast(['--version'], server.address));
    const text = await readFile(
      new URL('../../packages/client/package.json', import.meta.url),
      'utf8',
    );
    const { version: expected } = JSON.parse(text) as { version: string };
    assert.deepEqual(version, { code: 0, stdout: `holdfast ${expected}\n`, stderr: '' });
  });

  it('stops quietly when nobody reads its output any more', async () => {
    const { server, client } = await fixture.start();
    await client.put('photos:large', bytesOf(20 * MiB));
    const get = spawnHoldfast(['get', 'photos:large'], server.address);
    get.stdout?.once('data', () => get.stdout?.destroy());
    const [code] = (await once(get, 'exit')) as [number | null];
    let complaint = '';
    for await (const chunk of get.stderr ?? []) complaint += String(chunk);
    assert.deepEqual([code, complaint], [0, '']);
  });

  it('cleans up after an interrupt', async () => {
    const { server, client } = await fixture.start();
    await client.put('photos:large', bytesOf(20 * MiB));
    const get = spawnHoldfast(
      ['get', 'photos:large', '-o', join(directory, 'out')],
      server.address,
    );
    server.faults.holdDownload = (sent) => {
      if (sent < 2 * MiB) return undefined;
      get.kill('SIGINT');
      return new Promise(() => undefined);
    };
    const { code, stderr } = await endOf(get);
    assert.deepEqual([code, stderr], [130, '']);
    assert.deepEqual(await readdir(directory), []);
  });

  it('draws a bar on a terminal', async function () {
    skipWithout(this, spawnSync(terminal, ['--version']).status === 0, terminal);
    const { server } = await fixture.start();
    await writeFile(join(directory, 'in'), bytesOf(8 * MiB));
    const line = holdfastCommand(['put', join(directory, 'in'), 'photos:a']).join(' ');
    const typescript = join(directory, 'typescript');
    const env = { ...process.env, HOLDFAST_ADDRESS: server.address };
    const pty = spawn(terminal, ['-qec', line, typescript], { env, stdio: 'ignore' });
    const [code] = (await once(pty, 'exit')) as [number | null];
    assert.equal(code, 0);
    const seen = await readFile(typescript, 'utf8');
    assert.ok(seen.includes('\r\u{1B}[K'));
    assert.match(seen, /\d+ %.*of 8\.0 MiB.*\/s/);
    assert.match(seen, /photos:a/);
  });
});
