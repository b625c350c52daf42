import {
  assert,
  invalid,
  type BlobPage,
  type Checksum,
  type ListedBlob,
  type UndecidedEntry,
} from '@holdfast/domain';
import { fanOutOf, isBlobHash, placeOfHash, type Layout } from './layout.js';
import { inspectFile, type InspectedFile } from './inspect-file.js';
import { readDirectory, readFanOut, type FoundName } from './found-names.js';

/** Headers that one listing reads at a time. */
const openFilesMax = 8;

/**
 * Everything below `blobs` in the order of positions, at most `limit` of them a page; the cursor is
 * the position of the last one looked at. A blob's position is the name of its file, and what is no
 * blob has one as well. Only the names of one directory are held in memory, and those of strangers
 * beside the directories.
 */
export async function listBlobs(
  cursor: string | undefined,
  limit: number,
  layout: Layout,
  checksum: Checksum,
): Promise<BlobPage> {
  assert(Number.isSafeInteger(limit) && limit > 0, 'a page has room for an entry');
  const after = cursor === undefined ? '' : parseCursor(cursor);
  const examined: FoundName[] = [];
  for (const { fanOut, isDirectory, beside } of await readFanOut(layout)) {
    if (fanOut < fanOutOf(after)) continue;
    const within = isDirectory ? await readDirectory(layout, fanOut) : [];
    const found = [...beside, ...within];
    const due = found.filter(({ position }) => position > after).toSorted(byPosition);
    examined.push(...due.slice(0, limit - examined.length));
    if (examined.length === limit) break;
  }
  const next = examined.length === limit ? examined.at(-1)?.position : undefined;
  return { ...(await inspect(examined, layout, checksum)), next };
}

function parseCursor(cursor: string): string {
  if (isBlobHash(cursor)) return cursor;
  throw invalid('INVALID_PAGE', 'page_token', cursor, 'must come from an earlier page');
}

function byPosition(a: FoundName, b: FoundName): number {
  return a.position < b.position ? -1 : 1;
}

async function inspect(
  names: readonly FoundName[],
  layout: Layout,
  checksum: Checksum,
): Promise<{ readonly blobs: ListedBlob[]; readonly undecided: UndecidedEntry[] }> {
  const blobs: ListedBlob[] = [];
  const undecided: UndecidedEntry[] = [];
  const look = async ({ position, stranger }: FoundName): Promise<InspectedFile> =>
    stranger === undefined
      ? inspectFile(placeOfHash(layout, position), checksum)
      : { kind: 'undecided', entry: stranger };
  for (let at = 0; at < names.length; at += openFilesMax) {
    const some = names.slice(at, at + openFilesMax);
    for (const file of await Promise.all(some.map(look))) {
      if (file.kind === 'blob') blobs.push(file.blob);
      if (file.kind === 'undecided') undecided.push(file.entry);
    }
  }
  return { blobs, undecided };
}
