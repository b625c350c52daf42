import type { Branded } from './brand.js';
import { parseStoragePath, type ObjectId } from './object-id.js';
import { isRevision, type Revision } from './revision.js';

/** `{storage path}/{revision}`: names one immutable blob in the long-term tier, once and for ever. */
export type BlobName = Branded<string, 'BlobName'>;

export function blobNameOf(id: ObjectId, revision: Revision): BlobName {
  return `${id.path}/${revision}` as BlobName;
}

export interface BlobNameParts {
  readonly id: ObjectId;
  readonly revision: Revision;
}

/** The inverse of `blobNameOf`; `undefined` for a name that no write of ours could have made. */
export function parseBlobName(name: string): BlobNameParts | undefined {
  const slash = name.lastIndexOf('/');
  const revision = name.slice(slash + 1);
  if (slash < 0 || !isRevision(revision)) return undefined;
  try {
    return { id: parseStoragePath(name.slice(0, slash)), revision };
  } catch {
    // Only a DomainError of the parser can get here, and it says what `undefined` says.
    return undefined;
  }
}

/** For a name read back from storage, where it was written by `blobNameOf`. */
export function isBlobName(name: string): name is BlobName {
  return parseBlobName(name) !== undefined;
}
