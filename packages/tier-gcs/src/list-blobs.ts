import {
  DomainError,
  assert,
  invalid,
  isBlobName,
  type BlobPage,
  type ListedBlob,
  type UndecidedEntry,
} from '@holdfast/domain';
import { shapeOf } from './blob-codec.js';
import { refusal, unreadable } from './errors.js';
import { objectFields, parseResourcePage, type ObjectResource } from './object-resource.js';
import type { Objects } from './objects.js';

/** What one request answers at most. */
const itemsMax = 1_000;

/** A cursor is the service's page token behind our mark: that one we never gave is told apart early. */
const cursorPattern = /^1:([A-Za-z0-9_+/=-]{1,4096})$/;

export async function listBlobs(
  cursor: string | undefined,
  limit: number,
  { api, paths }: Objects,
): Promise<BlobPage> {
  assert(Number.isSafeInteger(limit) && limit > 0, 'a page has room for an entry');
  const pageToken = cursor === undefined ? undefined : pageTokenIn(cursor);
  const maxResults = Math.min(limit, itemsMax);
  const fields = `nextPageToken,items(${objectFields})`;
  const path = paths.objects({ maxResults, pageToken, fields });
  const answer = await api.call({ method: 'GET', path });
  if (answer.status === 400 && cursor !== undefined) throw invalidCursor(cursor);
  if (answer.status !== 200) throw refusal('listing objects', answer);
  const { items, nextPageToken } = parseResourcePage(answer.body);
  const next = nextPageToken === undefined ? undefined : { next: `1:${nextPageToken}` };
  return { ...judged(items), ...next };
}

function pageTokenIn(cursor: string): string {
  const token = cursorPattern.exec(cursor)?.[1];
  if (token === undefined) throw invalidCursor(cursor);
  return token;
}

function invalidCursor(cursor: string): DomainError {
  return invalid('INVALID_PAGE', 'page_token', cursor, 'must come from an earlier page');
}

function judged(items: readonly ObjectResource[]): BlobPage {
  const blobs: ListedBlob[] = [];
  const undecided: UndecidedEntry[] = [];
  for (const item of items) {
    try {
      blobs.push(listed(item));
    } catch (error) {
      if (!(error instanceof DomainError) || !('why' in error.detail)) throw error;
      undecided.push({ where: item.name, why: error.detail.why });
    }
  }
  return { blobs, undecided };
}

function listed(resource: ObjectResource): ListedBlob {
  const { name } = resource;
  if (!isBlobName(name)) throw unreadable(name, 'its name is none of a blob');
  const { size, timeCreated } = shapeOf(resource);
  return { name, size, timeCreated };
}
