import {
  assert,
  invalid,
  type BlobPage,
  type ListedBlob,
  type UndecidedEntry,
} from '@holdfast/domain';
import { fanOutOf, isBlobHash, placeOfHash, type Layout } from './layout.js';
import type { InspectFiles } from './inspect-files.js';
import type { FoundName, ReadDirectory, ReadFanOut } from './found-names.js';

export interface ListingTools {
  readonly layout: Layout;
  readonly readFanOut: ReadFanOut;
  readonly readDirectory: ReadDirectory;
  readonly inspectFiles: InspectFiles;
}

/**
 * Everything below `blobs` in the order of positions, at most `limit` of them a page; the cursor is
 * the position of the last one looked at. A blob's position is the name of its file, and what is no
 * blob has one as well. Only the names of one directory are held in memory, and those of strangers
 * beside the directories.
 */
export async function listBlobs(
  cursor: string | undefined,
  limit: number,
  { layout, readFanOut, readDirectory, inspectFiles }: ListingTools,
): Promise<BlobPage> {
  assert(Number.isSafeInteger(limit) && limit > 0, 'a page has room for an entry');
  const after = cursor === undefined ? '' : parseCursor(cursor);
  const examined: FoundName[] = [];
  for (const { fanOut, isDirectory, beside } of await readFanOut()) {
    if (fanOut < fanOutOf(after)) continue;
    const within = isDirectory ? await readDirectory(fanOut) : [];
    const found = [...beside, ...within];
    const due = found.filter(({ position }) => position > after).toSorted(byPosition);
    examined.push(...due.slice(0, limit - examined.length));
    if (examined.length === limit) break;
  }
  const next = examined.length === limit ? examined.at(-1)?.position : undefined;
  return { ...(await inspect(examined, layout, inspectFiles)), next };
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
  inspectFiles: InspectFiles,
): Promise<{ readonly blobs: ListedBlob[]; readonly undecided: UndecidedEntry[] }> {
  const ours = names.filter(({ stranger }) => stranger === undefined);
  const files = await inspectFiles(ours.map(({ position }) => placeOfHash(layout, position)));
  const next = files.values();
  const blobs: ListedBlob[] = [];
  const undecided: UndecidedEntry[] = [];
  for (const { stranger } of names) {
    const file = stranger === undefined ? next.next().value : undefined;
    if (stranger !== undefined) undecided.push(stranger);
    if (file?.kind === 'blob') blobs.push(file.blob);
    if (file?.kind === 'undecided') undecided.push(file.entry);
  }
  return { blobs, undecided };
}
