import assert from 'node:assert/strict';
import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { constants, getPriority, tmpdir } from 'node:os';
import { join } from 'node:path';
import { importFileThreads } from '../support/compiled-tier.js';

const pageBytes = 4_096;

describe('the threads that work on many files', () => {
  let folder: string;

  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'holdfast-file-threads-'));
    await writeFile(join(folder, 'one'), Buffer.alloc(pageBytes, 1));
    await writeFile(join(folder, 'two'), Buffer.alloc(pageBytes + 10, 2));
    await writeFile(join(folder, 'short'), Buffer.alloc(10, 3));
  });

  afterEach(() => rm(folder, { recursive: true }));

  const pathsOf = (...names: readonly string[]): string[] =>
    names.map((name) => join(folder, name));

  it('read the first pages of files into the room that they are given, and give it back', async () => {
    const { createFileThreads } = await importFileThreads();
    const room = new ArrayBuffer(4 * pageBytes);
    const paths = pathsOf('two', 'missing', 'one', 'short');
    const answer = await createFileThreads().readPages({ kind: 'pages', paths, room }, 1);
    assert.deepEqual(answer?.fileBytes, [pageBytes + 10, -1, pageBytes, -1]);
    assert.equal(room.byteLength, 0, 'it was handed over');
    const bytes = new Uint8Array(answer.room);
    assert.deepEqual([bytes[0], bytes[pageBytes - 1], bytes[2 * pageBytes]], [2, 2, 1]);
  });

  it('unlink files, and say which of them they did', async () => {
    const { createFileThreads } = await importFileThreads();
    const paths = pathsOf('one', 'missing', 'two');
    const answer = await createFileThreads().unlink({ kind: 'unlink', paths });
    assert.deepEqual(answer?.unlinked, [true, false, true]);
    assert.deepEqual(await readdir(folder), ['short']);
  });

  it('step back for the thread that answers', async function () {
    const { PRIORITY_BELOW_NORMAL: below } = constants.priority;
    if (process.platform !== 'linux' || getPriority() >= below) return this.skip();
    const { createFileThreads } = await importFileThreads();
    const before = await prioritiesOfThreads();
    await createFileThreads().unlink({ kind: 'unlink', paths: [] });
    const now = await prioritiesOfThreads();
    assert.ok([...now].some(([thread, nice]) => nice === below && !before.has(thread)));
    assert.ok(getPriority() < below);
  });

  it('read on while others wait for what they unlink', async () => {
    const { createFileThreads } = await importFileThreads();
    const asked: number[] = [];
    let count = 0;
    const threads = createFileThreads(() => {
      const thread = count;
      count += 1;
      return {
        ask: () => {
          asked.push(thread);
          return new Promise(() => undefined);
        },
      };
    });
    const room = new ArrayBuffer(pageBytes);
    for (let round = 0; round < 4; round += 1) void threads.unlink({ kind: 'unlink', paths: [] });
    void threads.readPages({ kind: 'pages', paths: [], room }, 1);
    assert.deepEqual(asked, [1, 2, 3, 1, 0]);
  });
});

/** As the kernel has them, by the numbers of threads. */
async function prioritiesOfThreads(): Promise<ReadonlyMap<string, number>> {
  const tasks = '/proc/self/task';
  const priorities = new Map<string, number>();
  for (const thread of await readdir(tasks)) {
    // One that has ended meanwhile has none.
    const stat = await readFile(join(tasks, thread, 'stat'), 'utf8').catch(() => '');
    // After the name, which may have spaces: the state, and 15 numbers before this one.
    priorities.set(thread, Number(stat.split(') ').at(-1)?.split(' ')[16]));
  }
  return priorities;
}
