import type { UndecidedEntry } from '@holdfast/domain';
import { readdir } from 'node:fs/promises';
import { unlessMissing } from './errors.js';
import { blobHash, fanOutOf, isBlobHash, isFanOut, type Layout } from './layout.js';

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

/** The directories that blobs are spread over, and what lies beside them, in the order of positions. */
export async function readFanOut(layout: Layout): Promise<FanOutNames[]> {
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
export async function readDirectory(layout: Layout, fanOut: string): Promise<FoundName[]> {
  const path = `${layout.blobs}/${fanOut}`;
  const names = (await unlessMissing(() => readdir(path, encoding))) ?? [];
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
