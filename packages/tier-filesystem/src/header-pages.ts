import { assert } from '@holdfast/domain';
import { fileThreadsMax, type FileThreads } from './file-threads.js';
import { headerPageBytes as pageBytes } from './header-codec.js';

/**
 * Reads what many files begin with. One thread reads faster than pages are decoded, as long as they are in
 * memory; where it waits for the disk, others wait beside it.
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

/** Few enough that others need not wait for long while their pages are decoded. */
const pagesMax = 32;
const inMemoryShares: Shares = { filesPerCall: pagesMax, callsAtOnce: 2 };
/** So small that there is one for each thread also where no more than a page of blobs is listed. */
const onDiskShares: Shares = { filesPerCall: 16, callsAtOnce: fileThreadsMax + 1 };
/**
 * A file takes less whose page is in memory; from a disk, it takes more. It may also where processors are
 * short, and then more threads do no harm: they step back as one does.
 */
const inMemoryMsMax = 0.06;
/** Rooms kept for later calls. */
const roomsMax = fileThreadsMax + 1;

export function createHeaderPages(threads: Pick<FileThreads, 'readPages'>): HeaderPages {
  const rooms: ArrayBuffer[] = [];
  let isDiskAwaited = false;

  return {
    shares: () => (isDiskAwaited ? onDiskShares : inMemoryShares),

    async lookAt(paths, look) {
      assert(paths.length <= pagesMax, 'a call has room for its pages');
      const room = rooms.pop() ?? new ArrayBuffer(pagesMax * pageBytes);
      const request = { kind: 'pages', paths, room } as const;
      const answer = await threads.readPages(request, isDiskAwaited ? fileThreadsMax : 1);
      if (answer === undefined) return paths.map((_, index) => look(index));
      // Of few it says more about the processor than about the disk.
      if (paths.length >= onDiskShares.filesPerCall) {
        isDiskAwaited = answer.ms > paths.length * inMemoryMsMax;
      }
      const seen = paths.map((_, index) => {
        const fileBytes = answer.fileBytes[index] ?? -1;
        if (fileBytes < 0) return look(index);
        const bytes = new Uint8Array(answer.room, index * pageBytes, pageBytes);
        return look(index, { bytes, fileBytes });
      });
      if (rooms.length < roomsMax) rooms.push(answer.room);
      return seen;
    },
  };
}
