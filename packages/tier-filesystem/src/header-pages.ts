import { assert } from '@holdfast/domain';
import { openFlags } from './blob-file.js';
import { headerPageBytes as pageBytes } from './header-codec.js';
import type { PagesAnswer, PagesRequest, PagesThreadOptions } from './header-pages-thread.js';
import { createThreadOnDemand } from './thread-on-demand.js';

/** Reads what many files begin with, in a thread that is there only while it is needed. */
export interface HeaderPages {
  /**
   * Calls `look` with the place of each path and the first page of its file, which is there only until
   * `look` returns; without one for a file that must be looked at by itself.
   */
  lookAt<Seen>(
    paths: readonly string[],
    look: (index: number, page?: FirstPage) => Seen,
  ): Promise<readonly Seen[]>;
}

export interface FirstPage {
  readonly bytes: Uint8Array;
  readonly fileBytes: number;
}

/** Files of one call: few enough that others need not wait for long while their pages are decoded. */
export const pagesMax = 32;
/** Calls that one thread has room for at once, and that it is worth to have. */
export const callsMax = 2;

export function createHeaderPages(): HeaderPages {
  const rooms: ArrayBuffer[] = [];
  const workerData: PagesThreadOptions = { openFlags, pageBytes };
  const thread = createThreadOnDemand<PagesRequest, PagesAnswer>({
    script: new URL('./header-pages-thread.js', import.meta.url),
    workerData,
  });

  return {
    async lookAt(paths, look) {
      assert(paths.length <= pagesMax, 'a call has room for its pages');
      const room = rooms.pop() ?? new ArrayBuffer(pagesMax * pageBytes);
      const answer = await thread.ask({ paths, room }, [room]);
      if (answer === undefined) return paths.map((_, index) => look(index));
      const seen = paths.map((_, index) => {
        const fileBytes = answer.fileBytes[index] ?? -1;
        if (fileBytes < 0) return look(index);
        const bytes = new Uint8Array(answer.room, index * pageBytes, pageBytes);
        return look(index, { bytes, fileBytes });
      });
      if (rooms.length < callsMax) rooms.push(answer.room);
      return seen;
    },
  };
}
