import { invalid } from '../errors.js';
import { pageSizeDefault, pageSizeMax } from '../limits.js';
import {
  parseStoragePath,
  parseStoragePrefix,
  type ListContext,
  type StoragePath,
} from '../object-id.js';
import type { ListedObject } from '../ports/high-volume-tier.js';
import type { EngineParts } from './engine-parts.js';

export interface ListRequest extends ListContext {
  readonly pageSize?: number | undefined;
  /** From the page before, with the same context. */
  readonly pageToken?: string | undefined;
}

export interface ListOutcome {
  readonly objects: readonly ListedObject[];
  /** Absent on the last page. A page may be empty and still have one. */
  readonly nextPageToken?: string | undefined;
}

/** Lists live objects of one context in the order of their storage paths, page by page. */
export async function listObjects(engine: EngineParts, request: ListRequest): Promise<ListOutcome> {
  const prefix = parseStoragePrefix(request);
  const pageSize = request.pageSize ?? pageSizeDefault;
  if (!Number.isSafeInteger(pageSize) || pageSize < 1 || pageSize > pageSizeMax) {
    const allowed = `must be a whole number from 1 to ${pageSizeMax}`;
    throw invalid('INVALID_PAGE', 'page_size', request.pageSize, allowed);
  }
  const page = await engine.highVolume.list(
    prefix,
    afterToken(request.pageToken, prefix),
    pageSize,
  );
  for (const path of page.undecided) engine.observer.report({ kind: 'unreadable-row', path });
  return { objects: page.objects, nextPageToken: page.next && `${tokenFormat}${page.next}` };
}

const tokenFormat = '1:';

function afterToken(token: string | undefined, prefix: string): StoragePath | undefined {
  if (token === undefined) return undefined;
  const path = token.slice(tokenFormat.length);
  if (token.startsWith(tokenFormat) && path.startsWith(prefix)) {
    try {
      return parseStoragePath(path).path;
    } catch {
      // Falls through to the one error that a wrong token gets.
    }
  }
  const allowed = 'must be the token of an earlier page of the same listing';
  throw invalid('INVALID_PAGE', 'page_token', token, allowed);
}
