import { assert } from '@holdfast/domain';
import { openFlags } from './blob-file.js';
import { headerPageBytes as pageBytes } from './header-codec.js';
import type { PagesAnswer, PagesRequest, PagesThreadOptions } from './header-pages-thread.js';
import { createThreadOnDemand, type ThreadOnDemand } from './thread-on-demand.js';

/**
 * Reads what many files begin with, in threads that are there only while they are needed. One of them reads
 * faster than its pages are decoded, as long as they are in memory; where it waits for the disk, others
 * wait beside it.
 */
export interface HeaderPages {
  /**
   * Calls `look` with the place of each path and the first page of its file, which is there only until
   * `look` returns; without one for a file that must be looked at by itself.
   */
  lookAt<Seen>(
    paths: readonly string[],
    look: (index: number, page?: FirstPage) => Seen,
  ): Promise<readonly Seen[]>;

  /** How to share many files out at present. */
  shares(): Shares;
}

export interface Shares {
  readonly filesPerCall: number;
  /** One is decoded while the others are read. */
  readonly callsAtOnce: number;
}

export interface FirstPage {
  readonly bytes: Uint8Array;
  readonly fileBytes: number;
}

export type PagesThread = ThreadOnDemand<PagesRequest, PagesAnswer>;

const threadsMax = 4;
/** Few enough that others need not wait for long while their pages are decoded. */
const pagesMax = 32;
const inMemoryShares: Shares = { filesPerCall: pagesMax, callsAtOnce: 2 };
/** So small that there is one for each thread also where no more than a page of blobs is listed. */
const onDiskShares: Shares = { filesPerCall: 16, callsAtOnce: threadsMax + 1 };
/** A file takes less whose page is in memory, also where processors are short; from a disk, it takes more. */
const inMemoryMsMax = 0.06;

export function createHeaderPages(createThread = createPagesThread): HeaderPages {
  const rooms: ArrayBuffer[] = [];
  const threads = Array.from({ length: threadsMax }, () => {
    return { thread: createThread(), calls: 0 };
  });
  let isDiskAwaited = false;

  /** By the thread that has least to do. */
  async function ask(request: PagesRequest): Promise<PagesAnswer | undefined> {
    const [first, ...others] = threads;
    assert(first !== undefined, 'there is a thread');
    let idlest = first;
    if (isDiskAwaited) for (const other of others) if (other.calls < idlest.calls) idlest = other;
    idlest.calls += 1;
    const answer = await idlest.thread.ask(request, [request.room]);
    idlest.calls -= 1;
    if (answer !== undefined) isDiskAwaited = answer.ms > request.paths.length * inMemoryMsMax;
    return answer;
  }

  return {
    shares: () => (isDiskAwaited ? onDiskShares : inMemoryShares),

    async lookAt(paths, look) {
      assert(paths.length <= pagesMax, 'a call has room for its pages');
      const room = rooms.pop() ?? new ArrayBuffer(pagesMax * pageBytes);
      const answer = await ask({ paths, room });
      if (answer === undefined) return paths.map((_, index) => look(index));
      const seen = paths.map((_, index) => {
        const fileBytes = answer.fileBytes[index] ?? -1;
        if (fileBytes < 0) return look(index);
        const bytes = new Uint8Array(answer.room, index * pageBytes, pageBytes);
        return look(index, { bytes, fileBytes });
      });
      if (rooms.length <= threadsMax) rooms.push(answer.room);
      return seen;
    },
  };
}

function createPagesThread(): PagesThread {
  const workerData: PagesThreadOptions = { openFlags, pageBytes };
  return createThreadOnDemand({
    script: new URL('./header-pages-thread.js', import.meta.url),
    workerData,
  });
}
