import { DomainError, type Checksum, type ListedBlob, type UndecidedEntry } from '@holdfast/domain';
import { findBlobFile, lengthProblem, type FoundBlob } from './blob-file.js';
import { hasErrno, undecidedCodes } from './errors.js';
import { decodeHeader, peekHeaderLength } from './header-codec.js';
import type { FirstPage } from './header-pages.js';
import { blobHash, type BlobPlace } from './layout.js';

export type InspectedFile =
  | { readonly kind: 'blob'; readonly blob: ListedBlob }
  | { readonly kind: 'undecided'; readonly entry: UndecidedEntry }
  | { readonly kind: 'gone' };

/** What a listing says of the file in a blob's place. */
export async function inspectFile(place: BlobPlace, checksum: Checksum): Promise<InspectedFile> {
  try {
    const found = await findBlobFile(place, checksum);
    return found === undefined ? { kind: 'gone' } : judge(found, place);
  } catch (error) {
    return undecided(place, whyUndecided(error));
  }
}

/** The same of a file whose first page was read; `undefined` where its header is longer than that. */
export function inspectPage(
  place: BlobPlace,
  page: FirstPage,
  checksum: Checksum,
): InspectedFile | undefined {
  const { where } = place;
  try {
    const found = findOnPage(page, where, checksum);
    return found && judge(found, place);
  } catch (error) {
    return undecided(place, whyUndecided(error));
  }
}

/** As `findBlobFile`, of a first page; `undefined` where the header is longer than that. */
export function findOnPage(
  { bytes, fileBytes }: FirstPage,
  where: string,
  checksum: Checksum,
): FoundBlob | undefined {
  if (peekHeaderLength(bytes, where) > bytes.length) return undefined;
  return { header: decodeHeader(bytes, checksum, where), fileBytes };
}

function judge(found: FoundBlob, place: BlobPlace): InspectedFile {
  const { name, metadata } = found.header;
  const isMisplaced = blobHash(name) !== place.hash;
  const why = isMisplaced ? 'it holds a blob of another name' : lengthProblem(found);
  if (why !== undefined) return undecided(place, why);
  const { size, timeCreated } = metadata;
  return { kind: 'blob', blob: { name, size, timeCreated } };
}

function undecided({ where }: BlobPlace, why: string): InspectedFile {
  return { kind: 'undecided', entry: { where, why } };
}

/** Throws what is no matter of this one file. */
function whyUndecided(error: unknown): string {
  if (error instanceof DomainError && 'why' in error.detail) return error.detail.why;
  if (hasErrno(error, ...undecidedCodes)) return error.message;
  throw error;
}
