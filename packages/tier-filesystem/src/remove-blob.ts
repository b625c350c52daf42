import { DomainError, type BlobName, type Checksum, type RemoveResult } from '@holdfast/domain';
import { unlink } from 'node:fs/promises';
import { findNamedBlob, type FoundBlob } from './blob-file.js';
import { unlessMissing } from './errors.js';
import { forgetTimes } from './expiry-times.js';
import { unlinkThreads, type FileThreads } from './file-threads.js';
import type { FirstPage, HeaderPages } from './header-pages.js';
import { findOnPage } from './inspect-file.js';
import { placeOf, type BlobPlace, type Layout } from './layout.js';
import { createTogether } from './together.js';

export interface RemovalTools {
  readonly layout: Layout;
  readonly checksum: Checksum;
  readonly pages: HeaderPages;
  readonly threads: Pick<FileThreads, 'unlink'>;
}

interface NamedPlace {
  readonly name: BlobName;
  readonly place: BlobPlace;
}

/** For fewer removals at a time no thread is started. */
const filesForThreadMin = 8;
/** More share no call. */
const togetherMax = 256;
/** So few that what is asked of the thread meanwhile need not wait for long. */
const unlinksPerCallMax = 32;

/**
 * Removes the file, if its header proves that it is the blob of that name; one whose payload is
 * damaged may go as well. Of several removes one unlinks it and answers `removed`; none does if a thread dies
 * between the two.
 *
 * The directory is not flushed. A loss of power may bring back a blob that was removed shortly before:
 * nothing names it any more, and a sweep finds it. A flush would cost about as much as all else.
 */
export type RemoveBlob = (name: BlobName) => Promise<RemoveResult>;

/** Removals that are asked for together share the calls to a thread. */
export function createRemoveBlob(tools: RemovalTools): RemoveBlob {
  const find = createTogether(togetherMax, (blobs: readonly NamedPlace[]) =>
    findNamedBlobs(blobs, tools),
  );
  const unlinkIfThere = createTogether(togetherMax, (paths: readonly string[]) =>
    unlinkFiles(paths, tools),
  );

  return async (name) => {
    const place = placeOf(tools.layout, name);
    const blob = await find({ name, place });
    // A name is used once, so what was proven of the file stays true until here.
    const removed = blob !== undefined && (await unlinkIfThere(place.path));
    // Also when nothing was there: whoever removed the blob may not have got this far. One that never
    // expires was never moved to another time.
    if (blob?.header.metadata.timeExpires !== undefined || !removed) await forgetTimes(place);
    return removed ? { kind: 'removed', size: blob.header.metadata.size } : { kind: 'absent' };
  };
}

/** What cannot be found so is looked for by itself, and then it is told what the matter is. */
function findNamedBlobs(
  blobs: readonly NamedPlace[],
  { checksum, pages }: RemovalTools,
): readonly Promise<FoundBlob | undefined>[] {
  const findAlone = ({ name, place }: NamedPlace): Promise<FoundBlob | undefined> =>
    findNamedBlob(place, name, checksum);
  if (blobs.length < filesForThreadMin) return blobs.map(findAlone);
  const found = inShares(blobs, pages.shares().filesPerCall, (share) => {
    const paths = share.map(({ place }) => place.path);
    return pages.lookAt(paths, (index, page) => page && blobOnPage(page, share[index], checksum));
  });
  return blobs.map(async (blob, index) => (await found[index]) ?? findAlone(blob));
}

function blobOnPage(
  page: FirstPage,
  blob: NamedPlace | undefined,
  checksum: Checksum,
): FoundBlob | undefined {
  try {
    const found = findOnPage(page, blob?.place.where ?? '', checksum);
    return found?.header.name === blob?.name ? found : undefined;
  } catch (error) {
    if (error instanceof DomainError) return undefined;
    throw error;
  }
}

function unlinkFiles(
  paths: readonly string[],
  { threads }: RemovalTools,
): readonly Promise<boolean>[] {
  if (paths.length < filesForThreadMin) return paths.map(unlinkAlone);
  // To take a name away may wait for the disk.
  const pathsPerCall = Math.min(Math.ceil(paths.length / unlinkThreads), unlinksPerCallMax);
  const unlinked = inShares(paths, pathsPerCall, async (share) => {
    const answer = await threads.unlink({ kind: 'unlink', paths: share });
    return answer?.unlinked ?? [];
  });
  return paths.map(async (path, index) => (await unlinked[index]) === true || unlinkAlone(path));
}

async function unlinkAlone(path: string): Promise<boolean> {
  const unlinked = await unlessMissing(async () => {
    await unlink(path);
    return true;
  });
  return unlinked ?? false;
}

/** One promise for each item, of what `work` answers for it and others; `undefined` where it does not. */
function inShares<Item, Answer>(
  items: readonly Item[],
  itemsMax: number,
  work: (share: readonly Item[]) => Promise<readonly Answer[]>,
): readonly Promise<Answer | undefined>[] {
  const answers: Promise<readonly Answer[]>[] = [];
  for (let at = 0; at < items.length; at += itemsMax) {
    answers.push(work(items.slice(at, at + itemsMax)));
  }
  return items.map(async (_, index) => {
    return (await answers[Math.floor(index / itemsMax)])?.[index % itemsMax];
  });
}
