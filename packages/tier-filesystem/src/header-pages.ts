import { assert } from '@holdfast/domain';
import { Worker } from 'node:worker_threads';
import { openFlags } from './blob-file.js';
import { headerPageBytes as pageBytes } from './header-codec.js';
import type { PagesAnswer, PagesRequest, PagesThreadOptions } from './header-pages-thread.js';

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
/** A thread that nobody has asked for so long ends. It keeps no process from ending before. */
const idleMsMax = 5_000;
const resourceLimits = { maxOldGenerationSizeMb: 32, maxYoungGenerationSizeMb: 8 };

export function createHeaderPages(): HeaderPages {
  const rooms: ArrayBuffer[] = [];
  let thread: PagesThread | undefined;

  function ask(request: PagesRequest): Promise<PagesAnswer | undefined> {
    if (thread === undefined) {
      const started = startThread(() => {
        // One that has ended says so a second time when it is gone, and another may be there by then.
        if (thread === started) thread = undefined;
      });
      thread = started;
    }
    return thread.ask(request);
  }

  return {
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
      if (rooms.length < callsMax) rooms.push(answer.room);
      return seen;
    },
  };
}

interface PagesThread {
  /** `undefined` when the thread has failed: files can be looked at without it. */
  ask(request: PagesRequest): Promise<PagesAnswer | undefined>;
}

function startThread(onEnd: () => void): PagesThread {
  const options: PagesThreadOptions = { openFlags, pageBytes };
  const script = new URL('./header-pages-thread.js', import.meta.url);
  const worker = new Worker(script, { workerData: options, resourceLimits });
  const waiting: ((answer?: PagesAnswer) => void)[] = [];
  let idle: NodeJS.Timeout | undefined;

  function end(): void {
    clearTimeout(idle);
    onEnd();
    for (const answer of waiting.splice(0)) answer();
  }

  function rest(): void {
    worker.unref();
    idle = setTimeout(() => {
      end();
      void worker.terminate();
    }, idleMsMax).unref();
  }

  worker.on('message', (answer: PagesAnswer) => {
    // It answers in the order in which it was asked.
    waiting.shift()?.(answer);
    if (waiting.length === 0) rest();
  });
  // Its end follows, and says all that matters.
  worker.on('error', () => undefined);
  worker.on('exit', end);
  return {
    ask: (request) =>
      new Promise((resolve) => {
        clearTimeout(idle);
        worker.ref();
        waiting.push(resolve);
        worker.postMessage(request, [request.room]);
      }),
  };
}
