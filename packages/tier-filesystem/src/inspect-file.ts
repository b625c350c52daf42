import { DomainError, type Checksum, type ListedBlob, type UndecidedEntry } from '@holdfast/domain';
import { findBlobFile, lengthProblem } from './blob-file.js';
import { hasErrno } from './errors.js';
import { blobHash, type BlobPlace } from './layout.js';

// A file that fails so is shown, lest one bad sector hide all that follows.
const undecidedCodes = ['EACCES', 'EPERM', 'EIO'] as const;

export type InspectedFile =
  | { readonly kind: 'blob'; readonly blob: ListedBlob }
  | { readonly kind: 'undecided'; readonly entry: UndecidedEntry }
  | { readonly kind: 'gone' };

/** What a listing says of the file in a blob's place. */
export async function inspectFile(place: BlobPlace, checksum: Checksum): Promise<InspectedFile> {
  const { hash, where } = place;
  try {
    const found = await findBlobFile(place, checksum);
    if (found === undefined) return { kind: 'gone' };
    const { name, metadata } = found.header;
    const isMisplaced = blobHash(name) !== hash;
    const why = isMisplaced ? 'it holds a blob of another name' : lengthProblem(found);
    if (why !== undefined) return { kind: 'undecided', entry: { where, why } };
    const { size, timeCreated } = metadata;
    return { kind: 'blob', blob: { name, size, timeCreated } };
  } catch (error) {
    return { kind: 'undecided', entry: { where, why: whyUndecided(error) } };
  }
}

/** Throws what is no matter of this one file. */
function whyUndecided(error: unknown): string {
  if (error instanceof DomainError && 'why' in error.detail) return error.detail.why;
  if (hasErrno(error, ...undecidedCodes)) return error.message;
  throw error;
}
