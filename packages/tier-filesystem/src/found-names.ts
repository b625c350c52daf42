import type { UndecidedEntry } from '@holdfast/domain';
import { readdir, stat } from 'node:fs/promises';
import { hasErrno, undecidedCodes, unlessMissing } from './errors.js';
import { blobHash, fanOutOf, isBlobHash, isFanOut, lastHashIn, type Layout } from './layout.js';

/** A name below `blobs`, with its place in the order of a listing. */
export interface FoundName {
  /** Of the form of a blob's hash, and that for a file that is named like one. */
  readonly position: string;
  /** What to show, if no blob has such a name. */
  readonly stranger?: UndecidedEntry;
}

// One character a byte: names that are not UTF-8 must not become the same.
const encoding = 'latin1';

export interface FanOutNames {
  /** What the positions of all that it holds begin with. */
  readonly fanOut: string;
  readonly isDirectory: boolean;
  /** Strangers that lie beside the directories, and have their positions here. */
  readonly beside: readonly FoundName[];
}

/** Reads the directories that blobs are spread over. Every page needs them, and they hardly change. */
export type ReadFanOut = () => Promise<readonly FanOutNames[]>;

/** A directory that changes twice at once may have the same time after both. */
const settledMsMin = 5_000;

export function createReadFanOut(layout: Layout): ReadFanOut {
  let known: { readonly changedAt: bigint; readonly names: readonly FanOutNames[] } | undefined;

  return async () => {
    const { mtimeNs: changedAt, mtimeMs } = await stat(layout.blobs, { bigint: true });
    if (known?.changedAt === changedAt) return known.names;
    // By the clock of the system, which the file system goes by.
    const isSettled = Math.abs(Date.now() - Number(mtimeMs)) >= settledMsMin;
    const names = await readFanOut(layout);
    known = isSettled ? { changedAt, names } : undefined;
    return names;
  };
}

/** The directories that blobs are spread over, and what lies beside them, in the order of positions. */
async function readFanOut(layout: Layout): Promise<FanOutNames[]> {
  const directories = new Set<string>();
  const beside = new Map<string, FoundName[]>();
  for (const entry of await readdir(layout.blobs, { withFileTypes: true, encoding })) {
    if (isFanOut(entry.name) && entry.isDirectory()) {
      directories.add(entry.name);
      continue;
    }
    const position = blobHash(entry.name);
    const stranger = showStranger(entry.name, 'it is no directory of blobs');
    const others = beside.get(fanOutOf(position)) ?? [];
    beside.set(fanOutOf(position), [...others, { position, stranger }]);
  }
  const all = new Set([...directories, ...beside.keys()]);
  return [...all].toSorted().map((fanOut) => ({
    fanOut,
    isDirectory: directories.has(fanOut),
    beside: beside.get(fanOut) ?? [],
  }));
}

/** What is in one directory of the fan-out, in no order. */
export type ReadDirectory = (fanOut: string) => Promise<readonly FoundName[]>;

/** Reads the names in a directory, each of its characters a byte. */
export type ReadNames = (path: string) => Promise<readonly string[]>;

const readNamesOf: ReadNames = (path) => readdir(path, encoding);

/** One that cannot be read is shown itself, lest it hide all that follows. */
export function createReadDirectory(layout: Layout, readNames = readNamesOf): ReadDirectory {
  return async (fanOut) => {
    try {
      const names = await unlessMissing(() => readNames(`${layout.blobs}/${fanOut}`));
      return foundIn(fanOut, names ?? []);
    } catch (error) {
      if (!hasErrno(error, ...undecidedCodes)) throw error;
      return [unreadDirectory(fanOut, error.message)];
    }
  };
}

/** Comes behind all that it may hold: then it is shown also by a listing that is half through it. */
function unreadDirectory(fanOut: string, why: string): FoundName {
  return { position: lastHashIn(fanOut), stranger: showStranger(fanOut, why) };
}

function foundIn(fanOut: string, names: readonly string[]): readonly FoundName[] {
  return names.map((name) => {
    if (isBlobHash(name) && fanOutOf(name) === fanOut) return { position: name };
    const position = `${fanOut}${blobHash(name).slice(fanOut.length)}`;
    const stranger = showStranger(`${fanOut}/${name}`, 'its name is no name of a blob file');
    return { position, stranger };
  });
}

function showStranger(name: string, why: string): UndecidedEntry {
  return { where: `blobs/${Buffer.from(name, encoding).toString()}`, why };
}
