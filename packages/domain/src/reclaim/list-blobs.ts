import { parseBlobName, type BlobNameParts } from '../blob-name.js';
import type { EngineParts } from '../engine/engine-parts.js';
import { parsePageSize, parsePageToken } from '../page.js';
import type { ListedBlob, UndecidedEntry } from '../ports/long-term-tier.js';

export interface ListBlobsRequest {
  readonly pageSize?: number | undefined;
  readonly pageToken?: string | undefined;
}

export interface ListBlobsOutcome {
  readonly blobs: readonly (ListedBlob & BlobNameParts)[];
  readonly undecided: readonly UndecidedEntry[];
  readonly nextPageToken?: string | undefined;
}

const tokenFormat = 'blobs-1:';

/** Lists what lies in the long-term tier, in an order of the tier's own, page by page. */
export async function listBlobs(
  engine: EngineParts,
  { pageSize, pageToken }: ListBlobsRequest,
): Promise<ListBlobsOutcome> {
  const limit = parsePageSize(pageSize);
  const page = await engine.longTerm.list(parsePageToken(pageToken, tokenFormat), limit);
  const blobs: (ListedBlob & BlobNameParts)[] = [];
  const undecided = [...page.undecided];
  for (const blob of page.blobs) {
    const parts = parseBlobName(blob.name);
    if (parts === undefined) undecided.push({ where: blob.name, why: 'no write has such a name' });
    else blobs.push(withParts(blob, parts));
  }
  const { next } = page;
  return {
    blobs,
    undecided,
    nextPageToken: next === undefined ? undefined : `${tokenFormat}${next}`,
  };
}

/** By name, because a spread of both makes objects that are several times as large. */
function withParts(
  { name, size, timeCreated }: ListedBlob,
  { id, revision }: BlobNameParts,
): ListedBlob & BlobNameParts {
  return { name, size, timeCreated, id, revision };
}
