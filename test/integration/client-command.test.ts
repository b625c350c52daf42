import assert from 'node:assert/strict';
import { mkdir, mkdtemp, readdir, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { rpcError, reasonError } from '@holdfast/rpc';
import { status } from '@grpc/grpc-js';
import { bytesOf, createClientFixture, KiB, MiB } from '../support/client-fixture.js';
import { runHoldfast } from '../support/holdfast-command.js';

const reference = 'photos/org=42:2026/cat.jpg';
const otherRevision = '01900000-0000-7000-8000-ffffffffffff';

describe('the holdfast command', () => {
  const fixture = createClientFixture();
  let directory = '';
  beforeEach(async () => {
    directory = await mkdtemp(join(tmpdir(), 'holdfast-'));
  });
  afterEach(async () => {
    await fixture.close();
    await rm(directory, { recursive: true });
  });
  const inside = (name: string): string => join(directory, name);

  it('puts a file and gets it back', async () => {
    const { server } = await fixture.start();
    for (const size of [0, 1_000, 3 * MiB]) {
      const payload = bytesOf(size);
      await writeFile(inside('in'), payload);
      const put = await runHoldfast(['put', inside('in'), reference], server.address);
      assert.deepEqual(put, { code: 0, stdout: `${reference}\n`, stderr: '' });
      const get = await runHoldfast(['get', reference, '-o', inside('out')], server.address);
      assert.deepEqual(get, { code: 0, stdout: '', stderr: '' });
      assert.deepEqual(await readFile(inside('out')), payload);
    }
    assert.deepEqual((await readdir(directory)).toSorted(), ['in', 'out']);
  });

  it('puts standard input, and gets to standard output', async () => {
    const { server } = await fixture.start();
    const stdin = Readable.from(['some ', 'text']);
    const put = await runHoldfast(['put', '-', 'photos:text'], server.address, { stdin });
    assert.equal(put.code, 0);
    const get = await runHoldfast(['get', 'photos:text'], server.address);
    assert.deepEqual(get, { code: 0, stdout: 'some text', stderr: '' });
    const range = await runHoldfast(['get', 'photos:text', '--range=-4'], server.address);
    assert.equal(range.stdout, 'text');
  });

  it('says all that is known of an object, to people and to programs', async () => {
    const { server } = await fixture.start();
    await writeFile(inside('cat'), '123456789');
    const flags = ['--content-type', 'image/jpeg', '--ttl', '90s', '--meta', 'mood=sleepy'];
    const put = ['put', inside('cat'), reference, ...flags, '--json'];
    const stored = JSON.parse((await runHoldfast(put, server.address)).stdout) as object;
    const json = await runHoldfast(['stat', reference, '--json'], server.address);
    const info = JSON.parse(json.stdout) as Record<string, unknown>;
    assert.deepEqual(info, {
      ...stored,
      reference,
      usecase: 'photos',
      scopes: [{ name: 'org', value: '42' }],
      key: '2026/cat.jpg',
      size: 9,
      crc32c: 'e3069283',
      contentType: 'image/jpeg',
      contentEncoding: null,
      expiration: { kind: 'ttl', ms: 90_000 },
      origin: null,
      fileName: null,
      custom: { mood: 'sleepy' },
      timeCreated: info['timeCreated'],
      timeExpires: info['timeExpires'],
    });
    const plain = await runHoldfast(['head', reference], server.address);
    assert.match(plain.stdout, /^reference +photos\/org=42:2026\/cat.jpg$/m);
    assert.match(plain.stdout, /^size +9 bytes \(9 B\)$/m);
    assert.match(plain.stdout, /^expires +\d{4}-.*Z \(90 s after it was written\)$/m);
    assert.match(plain.stdout, /^meta mood +sleepy$/m);
  });

  it('lists what has exactly these scopes, and more with --recursive', async () => {
    const { server, client } = await fixture.start();
    const references = ['photos:top', 'photos/org=42:2026/a', 'photos/org=42:b'];
    for (const name of references) await client.put(name, 'x');
    const ls = async (...args: string[]): Promise<string[]> => {
      const { code, stdout } = await runHoldfast(['ls', ...args], server.address);
      assert.equal(code, 0);
      return stdout.split('\n').filter((line) => line !== '');
    };
    assert.deepEqual(await ls('photos'), ['photos:top']);
    assert.deepEqual((await ls('-r', 'photos')).toSorted(), references.toSorted());
    assert.deepEqual(await ls('photos/org=42'), ['photos/org=42:2026/a', 'photos/org=42:b']);
    assert.deepEqual(await ls('photos/org=42:2026/'), ['photos/org=42:2026/a']);
    assert.deepEqual(await ls('photos/org=42', '-n', '1'), ['photos/org=42:2026/a']);
    assert.match((await ls('-l', 'photos'))[0] ?? '', /^ +1 {2}\d{4}-.*Z {2}photos:top$/);
    const [line = ''] = await ls('photos', '--json');
    assert.equal((JSON.parse(line) as { reference: string }).reference, 'photos:top');
  });

  it('fetches no more of a list than is printed', async () => {
    const { server, client } = await fixture.start();
    for (let at = 0; at < 30; at += 1) await client.put(`photos:${at}`, 'x');
    server.served.length = 0;
    await runHoldfast(['ls', 'photos', '-n', '10'], server.address);
    assert.deepEqual(server.served, ['ListObjects']);
  });

  it('deletes objects, those on standard input too, and twice', async () => {
    const { server, client } = await fixture.start();
    for (const key of ['a', 'b', 'c']) await client.put(`photos:${key}`, key);
    const stdin = Readable.from(['photos:b\nphotos:c\n']);
    const rmAll = await runHoldfast(['rm', 'photos:a', '-'], server.address, { stdin });
    assert.deepEqual(rmAll, { code: 0, stdout: '', stderr: '' });
    assert.equal(server.map.size(), 0);
    const again = await runHoldfast(['rm', 'photos:a', '--json'], server.address);
    const line = { reference: 'photos:a', ok: true, deletedRevision: null };
    assert.deepEqual(JSON.parse(again.stdout), line);
  });

  it('deletes what it lists, whatever the keys hold', async () => {
    const { server, client } = await fixture.start();
    for (const key of ['a', 'a\u2028b', 'a\u2029b']) await client.put(`photos:${key}`, key);
    const { stdout } = await runHoldfast(['ls', 'photos'], server.address);
    const stdin = Readable.from([Buffer.from(stdout)]);
    const end = await runHoldfast(['rm', '-'], server.address, { stdin });
    assert.deepEqual(end, { code: 0, stdout: '', stderr: '' });
    assert.equal(server.map.size(), 0);
  });

  it('does not let references steer the terminal', async () => {
    const { server } = await fixture.start();
    for (const command of ['rm', 'stat']) {
      const end = await runHoldfast([command, 'photos:\u{1B}[2J'], server.address);
      assert.equal(end.code, 2);
      assert.match(end.stderr, /^holdfast: photos:\u{FFFD}\[2J: /u);
      assert.ok(!end.stderr.includes('\u{1B}'));
    }
  });

  it('ends with a code that tells what went wrong, and the reason on standard error', async () => {
    const { server, client } = await fixture.start();
    await client.put(reference, 'x');
    const cases = [
      [['get', 'photos:none'], 3, /^holdfast: there is no such object \(OBJECT_NOT_FOUND\)\n$/],
      [['stat', 'photos:none'], 3, /^holdfast: photos:none: there is no such object/],
      [['put', '-', reference, '--if-absent'], 4, /OBJECT_EXISTS/],
      [['rm', reference, '--if-revision', otherRevision], 4, /REVISION_MISMATCH/],
      [['rm', reference, '--if-revision', 'x'], 2, /INVALID_CONDITION/],
      [['get', 'photos'], 2, /INVALID_OBJECT_ID/],
      [['get', reference, '--range', '5-9'], 2, /RANGE_NOT_SATISFIABLE/],
      [['put', inside('none'), 'photos:a'], 1, /ENOENT/],
      [['put', directory, 'photos:a'], 2, /is a directory; store it with --recursive/],
      [['get', reference, '-o', inside('no/file')], 1, /ENOENT/],
      [['stat', reference, 'photos:none'], 1, /photos:none/],
    ] as const;
    for (const [args, code, message] of cases) {
      const end = await runHoldfast(args, server.address);
      assert.equal(end.code, code, `${args.join(' ')}: ${end.stderr}`);
      assert.match(end.stderr, message);
      assert.match(end.stderr, /^holdfast: /);
    }
    server.faults.refuse = () =>
      reasonError('AT_CAPACITY', 'at capacity', { retryAfterMs: 60_000 });
    const busy = await runHoldfast(['stat', reference, '--timeout', '1s'], server.address);
    assert.equal(busy.code, 5);
    server.faults.refuse = () => rpcError(status.UNAUTHENTICATED, undefined, 'who are you');
    assert.equal((await runHoldfast(['stat', reference], server.address)).code, 7);
  });

  it('says that there is no gateway, soon', async () => {
    const { server } = await fixture.start();
    await server.stop();
    const end = await runHoldfast(['stat', reference, '--timeout', '500ms'], server.address);
    assert.equal(end.code, 5);
    assert.match(end.stderr, /^holdfast: cannot connect to 127.0.0.1:\d+ \(UNAVAILABLE\)\n$/);
  });

  it('leaves the old file and no other when a download fails', async () => {
    const { server, client } = await fixture.start();
    await client.put(reference, bytesOf(3 * MiB));
    await writeFile(inside('out'), 'old');
    server.faults.corrupt = (chunk) => Buffer.alloc(chunk.length);
    const get = await runHoldfast(['get', reference, '-o', inside('out')], server.address);
    assert.equal(get.code, 6);
    assert.match(get.stderr, /CHECKSUM_MISMATCH/);
    assert.deepEqual(await readdir(directory), ['out']);
    assert.equal(await readFile(inside('out'), 'utf8'), 'old');
  });

  it('answers wrong command lines with the usage', async () => {
    const cases = [
      [[], 'a command is expected', 'usage: holdfast COMMAND'],
      [['frobnicate'], 'there is no command frobnicate', 'usage: holdfast COMMAND'],
      [['put', '--frobnicate'], "unknown option '--frobnicate'", 'usage: holdfast put'],
      [['put', 'x'], 'too few operands', 'usage: holdfast put'],
      [['get', 'a:b', 'c:d'], 'too many operands', 'usage: holdfast get'],
      [['put', '-', 'a:b', '--ttl', '5'], '--ttl must be a duration', 'usage: holdfast put'],
      [['get', 'a:b', '--json'], '--json needs --output', 'usage: holdfast get'],
      [['completion', 'fish'], 'holdfast completion bash|zsh', 'usage: holdfast COMMAND'],
    ] as const;
    const { server } = await fixture.start();
    for (const [args, message, usage] of cases) {
      const end = await runHoldfast(args, server.address);
      assert.equal(end.code, 2, args.join(' '));
      assert.ok(end.stderr.startsWith(`holdfast: ${message}`), `${args.join(' ')}: ${end.stderr}`);
      assert.ok(end.stderr.includes(`\n${usage}`), end.stderr);
      assert.equal(end.stdout, '');
    }
  });

  describe('with a directory', () => {
    const files = { 'a.txt': 10, 'deep/b.txt': 300 * KiB, 'deep/er/c.txt': 2 * MiB, 'd e.txt': 0 };
    beforeEach(async () => {
      await mkdir(inside('in/deep/er'), { recursive: true });
      for (const [name, size] of Object.entries(files)) {
        await writeFile(join(inside('in'), name), bytesOf(size));
      }
    });

    it('puts all files with their relative paths as keys', async () => {
      const { server, client } = await fixture.start();
      await symlink('a.txt', join(inside('in'), 'link.txt'));
      await symlink('.', join(inside('in'), 'loop'));
      const put = await runHoldfast(
        ['put', '-r', inside('in'), 'photos/org=42:2026'],
        server.address,
      );
      assert.equal(put.code, 0);
      const expected = [...Object.keys(files), 'link.txt'].map(
        (name) => `photos/org=42:2026/${name}`,
      );
      assert.deepEqual(put.stdout.trim().split('\n').toSorted(), expected.toSorted());
      assert.match(put.stderr, /loop: left out, it is not a file\n/);
      assert.match(put.stderr, /5 files stored, 2\.3 MiB in \d+:\d\d, .*\/s\n$/);
      const found = await client.get('photos/org=42:2026/deep/er/c.txt');
      const original = await readFile(join(inside('in'), 'deep/er/c.txt'));
      assert.deepEqual(Buffer.from(await found.bytes()), original);
    });

    it('goes on when some fail, tells which, and ends with 1', async () => {
      const { server } = await fixture.start();
      server.faults.refuse = (method) =>
        method === 'PutObject' ? reasonError('KILLSWITCHED', 'switched off') : undefined;
      await symlink('nowhere', join(inside('in'), 'dangling'));
      const put = ['put', '-r', inside('in'), 'photos:', '--json'];
      const end = await runHoldfast(put, server.address);
      assert.equal(end.code, 1);
      assert.match(end.stderr, /c\.txt: switched off \(KILLSWITCHED\)\n/);
      assert.match(end.stderr, /dangling: ENOENT/);
      assert.match(end.stderr, /2 files stored, 3 failed/);
      const lines = end.stdout
        .trim()
        .split('\n')
        .map((line) => JSON.parse(line) as { ok: boolean });
      assert.deepEqual(lines.map(({ ok }) => String(ok)).toSorted(), [
        'false',
        'false',
        'false',
        'true',
        'true',
      ]);
    });

    it('shows progress to who watches, and to nobody else', async () => {
      const { server } = await fixture.start();
      const put = ['put', '-r', inside('in'), 'photos:'];
      const watched = await runHoldfast(put, server.address, { isWatched: true });
      assert.ok(watched.stderr.includes('\r\u{1B}[K'));
      assert.match(watched.stderr, /files? stored/);
      const unwatched = await runHoldfast(put, server.address);
      assert.ok(!unwatched.stderr.includes('\r'));
      const quiet = await runHoldfast([...put, '-q'], server.address);
      assert.deepEqual(quiet, { code: 0, stdout: '', stderr: '' });
    });

    it('is stopped by an interrupt', async () => {
      const { server } = await fixture.start();
      const stop = new AbortController();
      server.faults.hold = () => {
        stop.abort();
        return new Promise(() => undefined);
      };
      const { signal } = stop;
      const end = await runHoldfast(['put', '-r', inside('in'), 'a:'], server.address, { signal });
      assert.equal(end.code, 130);
    });
  });
});
