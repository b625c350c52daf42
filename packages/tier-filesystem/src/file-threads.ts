import { openFlags } from './blob-file.js';
import type {
  FileAnswer,
  FileRequest,
  FileThreadOptions,
  PagesAnswer,
  PagesRequest,
  UnlinkAnswer,
  UnlinkRequest,
} from './file-thread.js';
import { headerPageBytes as pageBytes } from './header-codec.js';
import { createThreadOnDemand, type ThreadOnDemand } from './thread-on-demand.js';

/**
 * Threads that work on many files at a time and are there only while they are needed. `undefined` is the
 * answer of one that died: what it was asked to do may have been done, in part or as a whole.
 */
export interface FileThreads {
  /** By the thread that has least to do, of the first so many. */
  readPages(request: PagesRequest, threads: number): Promise<PagesAnswer | undefined>;
  /** By others than the first, which may wait for the disk: it reads on meanwhile. */
  unlink(request: UnlinkRequest): Promise<UnlinkAnswer | undefined>;
}

interface BusyThread {
  readonly thread: FileThread;
  calls: number;
}

export type FileThread = ThreadOnDemand<FileRequest, FileAnswer>;

/** Of as many, some work while others wait for the disk. */
export const fileThreadsMax = 4;
/** All but the first. */
export const unlinkThreads = fileThreadsMax - 1;

export function createFileThreads(createThread = createFileThread): FileThreads {
  const threads = Array.from({ length: fileThreadsMax }, (): BusyThread => {
    return { thread: createThread(), calls: 0 };
  });

  async function ask(
    request: FileRequest,
    among: readonly BusyThread[],
  ): Promise<FileAnswer | undefined> {
    const idlest = among.reduce((a, b) => (b.calls < a.calls ? b : a));
    idlest.calls += 1;
    try {
      return await idlest.thread.ask(request, request.kind === 'pages' ? [request.room] : []);
    } finally {
      idlest.calls -= 1;
    }
  }

  return {
    async readPages(request, among) {
      const answer = await ask(request, threads.slice(0, among));
      return answer?.kind === 'pages' ? answer : undefined;
    },
    async unlink(request) {
      const answer = await ask(request, threads.slice(-unlinkThreads));
      return answer?.kind === 'unlink' ? answer : undefined;
    },
  };
}

function createFileThread(): FileThread {
  const workerData: FileThreadOptions = { openFlags, pageBytes };
  return createThreadOnDemand({ script: new URL('./file-thread.js', import.meta.url), workerData });
}
