import assert from 'node:assert/strict';
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { requireServer } from '../../../deploy/local/redis/install-server.js';
import { StartFailure } from '../../../deploy/local/start-failure.js';

describe('the Redis that the start runs', () => {
  let folder: string;
  let said: string[];

  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'holdfast-install-'));
    said = [];
  });

  afterEach(async () => {
    await rm(folder, { recursive: true, force: true });
  });

  async function program(name: string, lines = 'exit 0', mode = 0o755): Promise<string> {
    const file = join(folder, name);
    await writeFile(file, `#!/bin/sh\n${lines}\n`, { mode });
    return file;
  }

  function find(isRoot: boolean, programFolders: readonly string[] = []): Promise<string> {
    const machine = { environment: { PATH: folder }, isRoot, programFolders };
    return requireServer(machine, (line) => said.push(line));
  }

  async function fails(isRoot: boolean, line: RegExp): Promise<void> {
    await assert.rejects(
      find(isRoot),
      (error) => error instanceof StartFailure && line.test(error.message),
    );
  }

  it('is the one on the PATH', async () => {
    const server = await program('redis-server');
    assert.equal(await find(false), server);
    assert.deepEqual(said, []);
  });

  it('is the one where such programs usually are, when it is not on the PATH', async () => {
    const usual = join(folder, 'usual');
    await mkdir(usual);
    const server = await program('usual/redis-server');
    assert.equal(await find(false, [usual]), server);
  });

  it('is nothing that cannot be run', async () => {
    await program('redis-server', 'exit 0', 0o644);
    await fails(false, /there is no redis-server on the PATH/);
    await rm(join(folder, 'redis-server'));
    await mkdir(join(folder, 'redis-server'));
    await fails(false, /there is no redis-server on the PATH/);
  });

  it('is installed by root where Debian is', async () => {
    const calls = join(folder, 'calls');
    const copy = `/bin/ln -s /bin/true ${join(folder, 'redis-server')}`;
    await program(
      'apt-get',
      `echo "$DEBIAN_FRONTEND: $*" >>${calls}; case "$*" in install*) ${copy};; esac`,
    );
    assert.equal(await find(true), join(folder, 'redis-server'));
    assert.deepEqual(said, ['there is no redis-server on the PATH: installing it with apt-get']);
    const [update = '', install = '', ...more] = (await readFile(calls, 'utf8')).trim().split('\n');
    assert.match(update, /^noninteractive: update /);
    assert.match(install, /^noninteractive: install .*-y .* redis-server$/);
    assert.deepEqual(more, []);
  });

  it('is asked for in one line of somebody who may not install it', async () => {
    await program('apt-get', `echo called >${join(folder, 'called')}`);
    await fails(
      false,
      /^there is no redis-server on the PATH: sudo apt-get install redis-server, or .* --redis$/,
    );
    await assert.rejects(readFile(join(folder, 'called')), /ENOENT/);
  });

  it('is asked for in one line where there is no Debian', async () => {
    await fails(true, /^there is no redis-server on the PATH: install Redis, or .* --redis$/);
  });

  it('is asked for in one line that says why it cannot be installed', async () => {
    await program('apt-get', 'echo "W: odd" >&2; echo "E: Unable to fetch it" >&2; exit 100');
    await fails(
      true,
      /^apt-get cannot install redis-server \(Unable to fetch it\): install Redis, or .*$/,
    );
    await program('apt-get', 'exit 100');
    await fails(true, /^apt-get cannot install redis-server \(exit code 100\)/);
    await program('apt-get');
    await fails(true, /^apt-get has installed no redis-server/);
  });
});
