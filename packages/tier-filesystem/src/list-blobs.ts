import {
  assert,
  DomainError,
  invalid,
  type BlobPage,
  type Checksum,
  type ListedBlob,
  type UndecidedEntry,
} from '@holdfast/domain';
import { readdir } from 'node:fs/promises';
import { lengthProblem, openBlobFile } from './blob-file.js';
import { hasErrno, unlessMissing } from './errors.js';
import { blobHash, fanOutOf, isBlobHash, isFanOut, placeOfHash, type Layout } from './layout.js';

/** Headers that one listing reads at a time. */
const openFilesMax = 8;

// A file that fails so is shown, lest one bad sector hide all that follows.
const undecidedCodes = ['EACCES', 'EPERM', 'EIO'] as const;

type Entry =
  | { readonly kind: 'blob'; readonly blob: ListedBlob }
  | { readonly kind: 'undecided'; readonly entry: UndecidedEntry }
  | { readonly kind: 'gone' };

/**
 * Directories in order, in each the files in order of their names; the cursor is the last name
 * looked at. Only one directory is held in memory. Names that are no hash are shown with the page
 * on which their directory begins.
 */
export async function listBlobs(
  cursor: string | undefined,
  limit: number,
  layout: Layout,
  checksum: Checksum,
): Promise<BlobPage> {
  assert(Number.isSafeInteger(limit) && limit > 0, 'a page has room for an entry');
  const after = cursor === undefined ? '' : parseCursor(cursor);
  const { directories, foreign } = await readFanOut(layout);
  const blobs: ListedBlob[] = [];
  const undecided: UndecidedEntry[] = cursor === undefined ? foreign : [];
  let room = limit;
  for (const directory of directories) {
    if (directory < fanOutOf(after)) continue;
    const { hashes, foreign: strangers } = await readDirectory(layout, directory);
    if (directory !== fanOutOf(after)) undecided.push(...strangers);
    const due = hashes.filter((hash) => hash > after);
    const examined = due.slice(0, room);
    for (const entry of await readEntries(examined, layout, checksum)) {
      if (entry.kind === 'blob') blobs.push(entry.blob);
      if (entry.kind === 'undecided') undecided.push(entry.entry);
    }
    room -= examined.length;
    if (room === 0) return { blobs, undecided, next: examined.at(-1) };
  }
  return { blobs, undecided };
}

function parseCursor(cursor: string): string {
  if (isBlobHash(cursor)) return cursor;
  throw invalid('INVALID_PAGE', 'page_token', cursor, 'must come from an earlier page');
}

interface FanOutNames {
  readonly directories: readonly string[];
  readonly foreign: UndecidedEntry[];
}

async function readFanOut(layout: Layout): Promise<FanOutNames> {
  const directories: string[] = [];
  const foreign: UndecidedEntry[] = [];
  for (const entry of await readdir(layout.blobs, { withFileTypes: true })) {
    if (isFanOut(entry.name) && entry.isDirectory()) directories.push(entry.name);
    else foreign.push({ where: `blobs/${entry.name}`, why: 'it is no directory of blobs' });
  }
  return { directories: directories.toSorted(), foreign };
}

interface DirectoryNames {
  readonly hashes: readonly string[];
  readonly foreign: readonly UndecidedEntry[];
}

async function readDirectory(layout: Layout, directory: string): Promise<DirectoryNames> {
  const path = `${layout.blobs}/${directory}`;
  const names = (await unlessMissing(() => readdir(path))) ?? [];
  const isOurs = (name: string): boolean => isBlobHash(name) && fanOutOf(name) === directory;
  const foreign = names.filter((name) => !isOurs(name));
  return {
    hashes: names.filter(isOurs).toSorted(),
    foreign: foreign.map((name) => ({
      where: `blobs/${directory}/${name}`,
      why: 'its name is no name of a blob file',
    })),
  };
}

async function readEntries(
  hashes: readonly string[],
  layout: Layout,
  checksum: Checksum,
): Promise<Entry[]> {
  const entries: Entry[] = [];
  for (let at = 0; at < hashes.length; at += openFilesMax) {
    const some = hashes.slice(at, at + openFilesMax);
    entries.push(...(await Promise.all(some.map((hash) => readEntry(hash, layout, checksum)))));
  }
  return entries;
}

async function readEntry(hash: string, layout: Layout, checksum: Checksum): Promise<Entry> {
  const place = placeOfHash(layout, hash);
  try {
    const opened = await openBlobFile(place, checksum);
    if (opened === undefined) return { kind: 'gone' };
    await opened.file.close();
    const { name, metadata } = opened.header;
    const isMisplaced = blobHash(name) !== hash;
    const why = isMisplaced ? 'it holds a blob of another name' : lengthProblem(opened);
    if (why !== undefined) return { kind: 'undecided', entry: { where: place.where, why } };
    const { size, timeCreated } = metadata;
    return { kind: 'blob', blob: { name, size, timeCreated } };
  } catch (error) {
    return { kind: 'undecided', entry: { where: place.where, why: whyUndecided(error) } };
  }
}

/** Throws what is no matter of this one file. */
function whyUndecided(error: unknown): string {
  if (error instanceof DomainError && 'why' in error.detail) return error.detail.why;
  if (hasErrno(error, ...undecidedCodes)) return error.message;
  throw error;
}
