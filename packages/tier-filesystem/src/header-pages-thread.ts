import { closeSync, fstatSync, openSync, readSync } from 'node:fs';
import { parentPort, workerData } from 'node:worker_threads';

/*
 * Reads what files begin with, for listings, in a thread of its own: there it takes plain calls of the
 * system, which cost a fraction of those that go through the thread pool of the process, and leave that
 * to readers and writers. It knows nothing of what it reads, and loads next to nothing.
 */

export interface PagesThreadOptions {
  readonly openFlags: number;
  readonly pageBytes: number;
}

export interface PagesRequest {
  readonly paths: readonly string[];
  /** Room for a page of each. It is handed over, and comes back with the answer. */
  readonly room: ArrayBuffer;
}

export interface PagesAnswer {
  readonly room: ArrayBuffer;
  /** The length of each file; -1 for all but regular files whose whole page was read. */
  readonly fileBytes: readonly number[];
  /** How long it took to read them. */
  readonly ms: number;
}

const { openFlags, pageBytes } = workerData as PagesThreadOptions;

parentPort?.on('message', ({ paths, room }: PagesRequest) => {
  const begun = performance.now();
  const pages = new Uint8Array(room);
  const fileBytes = paths.map((path, index) => readPage(path, pages, index * pageBytes));
  const answer: PagesAnswer = { room, fileBytes, ms: performance.now() - begun };
  parentPort?.postMessage(answer, [room]);
});

function readPage(path: string, pages: Uint8Array, at: number): number {
  let file: number | undefined;
  try {
    file = openSync(path, openFlags);
    const stats = fstatSync(file);
    const isRead = stats.isFile() && readSync(file, pages, at, pageBytes, 0) === pageBytes;
    return isRead ? stats.size : -1;
  } catch {
    // Whoever asked looks at the file by itself, and tells what the matter is.
    return -1;
  } finally {
    if (file !== undefined) closeSync(file);
  }
}
