import assert from 'node:assert/strict';
import { setImmediate as turn } from 'node:timers/promises';
import type {
  PagesAnswer,
  PagesRequest,
} from '../../../packages/tier-filesystem/src/file-thread.js';
import { createFileThreads } from '../../../packages/tier-filesystem/src/file-threads.js';
import { createHeaderPages } from '../../../packages/tier-filesystem/src/header-pages.js';

const [inMemoryMs, fromDiskMs] = [0.01, 0.13];

interface Call extends PagesRequest {
  readonly thread: number;
  answer(msPerFile: number): Promise<void>;
  die(): Promise<void>;
}

/** Threads that answer when they are told to, as if a file had taken so long. */
function fakeThreads() {
  const calls: Call[] = [];
  let threads = 0;
  const fileThreads = createFileThreads(() => {
    const thread = threads;
    threads += 1;
    return {
      ask: (request) =>
        new Promise((resolve) => {
          assert(request.kind === 'pages');
          const end = async (answer?: PagesAnswer): Promise<void> => {
            calls.splice(calls.indexOf(call), 1);
            resolve(answer);
            await turn();
          };
          const { paths, room } = request;
          const fileBytes = paths.map(() => 10_000);
          const call: Call = {
            ...request,
            thread,
            answer: (msPerFile) =>
              end({ kind: 'pages', room, fileBytes, ms: msPerFile * paths.length }),
            die: () => end(),
          };
          calls.push(call);
        }),
    };
  });
  const pages = createHeaderPages(fileThreads);
  const paths = Array.from({ length: 32 }, (_, index) => `file-${index}`);
  return { calls, pages, look: () => pages.lookAt(paths, (_, page) => page?.fileBytes) };
}

describe('first pages of many files', () => {
  it('are read by one thread while they are in memory', async () => {
    const { calls, pages, look } = fakeThreads();
    const looking = [look(), look()];
    assert.deepEqual(pages.shares(), { filesPerCall: 32, callsAtOnce: 2 });
    assert.deepEqual(
      calls.map(({ thread }) => thread),
      [0, 0],
    );
    for (const call of calls.slice()) await call.answer(inMemoryMs);
    assert.deepEqual(new Set((await Promise.all(looking)).flat()), new Set([10_000]));
    assert.deepEqual(pages.shares(), { filesPerCall: 32, callsAtOnce: 2 });
  });

  it('are read by several at once where the disk is waited for, and by one again afterwards', async () => {
    const { calls, pages, look } = fakeThreads();
    const first = look();
    await calls[0]?.answer(fromDiskMs);
    await first;
    assert.deepEqual(pages.shares(), { filesPerCall: 16, callsAtOnce: 5 });
    const looking = [look(), look(), look(), look(), look()];
    assert.deepEqual(
      calls.map(({ thread }) => thread),
      [0, 1, 2, 3, 0],
    );
    await calls[1]?.answer(fromDiskMs);
    looking.push(look());
    assert.equal(calls.at(-1)?.thread, 1, 'it has nothing else to do');
    for (const call of calls.slice()) await call.answer(inMemoryMs);
    await Promise.all(looking);
    assert.deepEqual(pages.shares(), { filesPerCall: 32, callsAtOnce: 2 });
  });

  it('are left to whoever asks where a thread dies', async () => {
    const { calls, look } = fakeThreads();
    const looking = look();
    await calls[0]?.die();
    assert.deepEqual(new Set(await looking), new Set([undefined]));
  });

  it('take no more rooms than there are calls', async () => {
    const { calls, look } = fakeThreads();
    const rooms = new Set<ArrayBuffer>();
    for (let round = 0; round < 20; round += 1) {
      const looking = [look(), look()];
      for (const call of calls.slice()) {
        rooms.add(call.room);
        await call.answer(inMemoryMs);
      }
      await Promise.all(looking);
    }
    assert.equal(rooms.size, 2);
  });
});
