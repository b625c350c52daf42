import { closeSync, fstatSync, openSync, readSync, unlinkSync } from 'node:fs';
import { constants, getPriority, setPriority } from 'node:os';
import { parentPort, workerData } from 'node:worker_threads';

/*
 * Works on many files, in a thread of its own: there it takes plain calls of the system, which cost a
 * fraction of those that go through the thread pool of the process, and leave that to readers and writers.
 * It knows nothing of what the files hold, and loads next to nothing.
 */

export interface FileThreadOptions {
  readonly openFlags: number;
  readonly pageBytes: number;
}

export type FileRequest = PagesRequest | UnlinkRequest;
export type FileAnswer = PagesAnswer | UnlinkAnswer;

/** Read what files begin with. */
export interface PagesRequest {
  readonly kind: 'pages';
  readonly paths: readonly string[];
  /** Room for a page of each. It is handed over, and comes back with the answer. */
  readonly room: ArrayBuffer;
}

export interface PagesAnswer {
  readonly kind: 'pages';
  readonly room: ArrayBuffer;
  /** The length of each file; -1 for all but regular files whose whole page was read. */
  readonly fileBytes: readonly number[];
  /** How long it took to read them. */
  readonly ms: number;
}

export interface UnlinkRequest {
  readonly kind: 'unlink';
  readonly paths: readonly string[];
}

export interface UnlinkAnswer {
  readonly kind: 'unlink';
  /** Whether this took the name of each away. */
  readonly unlinked: readonly boolean[];
}

const { openFlags, pageBytes } = workerData as FileThreadOptions;

stepBack();

parentPort?.on('message', (request: FileRequest) => {
  switch (request.kind) {
    case 'pages':
      return parentPort?.postMessage(readPages(request), [request.room]);
    case 'unlink':
      return parentPort?.postMessage(unlinkAll(request), []);
  }
});

/** Whoever waits for an answer comes first. Only Linux has a priority for each thread. */
function stepBack(): void {
  const { PRIORITY_BELOW_NORMAL: below } = constants.priority;
  if (process.platform !== 'linux' || getPriority() >= below) return;
  try {
    setPriority(below);
  } catch {
    // Where that is forbidden it competes like any other thread.
  }
}

// What fails is left to whoever asked, who works on that file by itself, and tells what the matter is.

function readPages({ paths, room }: PagesRequest): PagesAnswer {
  const begun = performance.now();
  const pages = new Uint8Array(room);
  const fileBytes = paths.map((path, index) => readPage(path, pages, index * pageBytes));
  return { kind: 'pages', room, fileBytes, ms: performance.now() - begun };
}

function readPage(path: string, pages: Uint8Array, at: number): number {
  let file: number | undefined;
  try {
    file = openSync(path, openFlags);
    const stats = fstatSync(file);
    const isRead = stats.isFile() && readSync(file, pages, at, pageBytes, 0) === pageBytes;
    return isRead ? stats.size : -1;
  } catch {
    return -1;
  } finally {
    if (file !== undefined) closeSync(file);
  }
}

function unlinkAll({ paths }: UnlinkRequest): UnlinkAnswer {
  return { kind: 'unlink', unlinked: paths.map(unlink) };
}

function unlink(path: string): boolean {
  try {
    unlinkSync(path);
    return true;
  } catch {
    return false;
  }
}
