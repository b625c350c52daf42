import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { startChild } from '../support/child-process.js';
import { stepsOf, tracedCalls } from '../support/filesystem-trace.js';
import { skipWithout } from '../support/require-all.js';

const child = new URL('../support/filesystem-child.ts', import.meta.url);
function canTrace(): boolean {
  try {
    execFileSync('strace', ['-e', tracedCalls, '-o', '/dev/null', 'true'], { stdio: 'ignore' });
    return true;
  } catch {
    return false;
  }
}

describe('a trace of the calls of the operating system', () => {
  it('says the same of a machine that has only those that name a directory', () => {
    const trace = [
      '7 mkdirat(AT_FDCWD</home/x>, "/top/store/blobs/abc", 0700) = 0',
      `7 linkat(AT_FDCWD</home/x>, "/top/store/tmp/create-${randomUUID()}", AT_FDCWD</home/x>, "/top/store/blobs/abc/${'1'.repeat(64)}", 0) = 0`,
      `7 unlinkat(AT_FDCWD, "/top/store/blobs/abc/${'1'.repeat(64)}", 0) = 0`,
      '7 unlinkat(AT_FDCWD, "/top/store/blobs/abc", 0) = -1 ENOENT (No such file or directory)',
    ];
    assert.deepEqual(stepsOf(trace.join('\n'), '/top/store'), [
      'mkdir blobs/xxx',
      'link tmp/create blobs/xxx/HASH',
      'unlink blobs/xxx/HASH',
    ]);
  });
});

describe('what the file system tier answers', () => {
  let above: string | undefined;
  let steps: string[];

  before(async function () {
    skipWithout(this, canTrace(), 'strace');
    above = await mkdtemp(join(tmpdir(), 'holdfast-durable-'));
    const root = join(above, 'store');
    const trace = join(above, 'trace');
    const strace = ['strace', '-f', '-y', '-e', tracedCalls, '-o', trace];
    const traced = startChild(child, ['life', root], strace);
    try {
      while ((await traced.nextLine()) !== undefined);
    } finally {
      await traced.kill();
    }
    steps = stepsOf(await readFile(trace, 'utf8'), root);
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

  it('is extended only after the new time and the directories on the way to it are flushed', () => {
    assertInOrder(stepsBefore('extended'), [
      'mkdir expiry/xxx',
      'fsync expiry',
      'mkdir expiry/xxx/HASH',
      'fsync expiry/xxx',
      'fsync expiry/xxx/HASH',
    ]);
  });

  it('is removed once the name is gone: a sweep finds what a loss of power brings back', () => {
    const removal = [...stepsBefore('removed'), ...stepsBefore('absent')];
    const ofBlobs = removal.filter((step) => !step.includes('expiry'));
    assert.deepEqual(ofBlobs, ['unlink blobs/xxx/HASH']);
  });

  it('is an open store only after its format file and directories are flushed', () => {
    assertInOrder(stepsBefore('opened'), [
      'mkdir',
      'fsync ..',
      'mkdir tmp',
      'mkdir blobs',
      'mkdir expiry',
      'fdatasync tmp/format',
      'link tmp/format holdfast-format',
      'fsync',
    ]);
  });
});
