import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { startChild } from '../support/child-process.js';
import { skipWithout } from '../support/require-all.js';

const child = new URL('../support/filesystem-child.ts', import.meta.url);
const calls = 'trace=mkdir,fsync,fdatasync,link,unlink,pwrite64,write';

function canTrace(): boolean {
  try {
    execFileSync('strace', ['-o', '/dev/null', 'true'], { stdio: 'ignore' });
    return true;
  } catch {
    return false;
  }
}

/**
 * What the process asked of the operating system, one short line a call: `mkdir blobs/x`,
 * `fsync blobs`, `answer created`.
 */
function shorten(trace: string, root: string): string[] {
  const steps: string[] = [];
  const named = trace.replaceAll(root, 'ROOT').replaceAll(dirname(root), 'ROOT/..');
  for (const line of named.split('\n')) {
    const answer = /write\(1[^"]*"(\w+)\\n"/.exec(line);
    if (answer !== null) steps.push(`answer ${answer[1]}`);
    const call = /(\w+)\((?:\d+<)?"?ROOT\/?([^">]*)(?:.*?"ROOT\/([^"]*)")?/.exec(line);
    if (call === null || / = -1 /.test(line)) continue;
    const places = [call[2], call[3]].filter((place) => place !== undefined);
    steps.push([call[1], ...places.map(anonymous)].join(' ').trim());
  }
  return steps;
}

function anonymous(place: string): string {
  return place
    .replace(/[0-9a-f]{64}/, 'HASH')
    .replace(/blobs\/[0-9a-f]{3}/, 'blobs/xxx')
    .replace(/-[0-9a-f-]{36}/, '');
}

describe('what the file system tier answers', () => {
  let above: string | undefined;
  let steps: string[];

  before(async function () {
    skipWithout(this, canTrace(), 'strace');
    above = await mkdtemp(join(tmpdir(), 'holdfast-durable-'));
    const root = join(above, 'store');
    const trace = join(above, 'trace');
    const strace = ['strace', '-f', '-y', '-e', calls, '-o', trace];
    const process = startChild(child, ['life', root], strace);
    while ((await process.nextLine()) !== undefined);
    await process.kill();
    steps = shorten(await readFile(trace, 'utf8'), root);
  });

  after(async () => {
    if (above !== undefined) await rm(above, { recursive: true });
  });

  /** The steps between one answer and the next. */
  function stepsBefore(answer: string): string[] {
    const end = steps.indexOf(`answer ${answer}`);
    assert.ok(end >= 0, `${answer} was answered`);
    const start = steps.findLastIndex((step, at) => at < end && step.startsWith('answer'));
    return steps.slice(start + 1, end);
  }

  function assertInOrder(actual: readonly string[], expected: readonly string[]): void {
    assert.deepEqual(
      actual.filter((step) => expected.includes(step)),
      expected,
    );
  }

  it('is created only after the file, its link and its directory are flushed', () => {
    assertInOrder(stepsBefore('created'), [
      'pwrite64 tmp/create',
      'pwrite64 tmp/create',
      'pwrite64 tmp/create',
      'fdatasync tmp/create',
      'mkdir blobs/xxx',
      'fsync blobs',
      'link tmp/create blobs/xxx/HASH',
      'fsync blobs/xxx',
      'unlink tmp/create',
    ]);
  });

  it('is exists only after the link of the other writer is flushed', () => {
    assertInOrder(stepsBefore('exists'), [
      'fdatasync tmp/create',
      'fsync blobs',
      'fsync blobs/xxx',
      'unlink tmp/create',
    ]);
  });

  it('is removed or absent only after the removal is flushed', () => {
    assertInOrder(stepsBefore('removed'), ['unlink blobs/xxx/HASH', 'fsync blobs/xxx']);
    assertInOrder(stepsBefore('absent'), ['fsync blobs/xxx']);
  });

  it('is an open store only after its format file and directories are flushed', () => {
    assertInOrder(stepsBefore('opened'), [
      'mkdir',
      'fsync ..',
      'mkdir tmp',
      'mkdir blobs',
      'fdatasync tmp/format',
      'link tmp/format holdfast-format',
      'fsync',
    ]);
  });
});
