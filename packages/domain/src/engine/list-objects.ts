import {
  parseStoragePath,
  parseStoragePrefix,
  type ListContext,
  type StoragePath,
} from '../object-id.js';
import { invalidPageToken, parsePageSize, parsePageToken } from '../page.js';
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
  const pageSize = parsePageSize(request.pageSize);
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
  const path = parsePageToken(token, tokenFormat);
  if (token === undefined || path === undefined) return undefined;
  if (path.startsWith(prefix)) {
    try {
      return parseStoragePath(path).path;
    } catch {
      // Falls through to the one error that a wrong token gets.
    }
  }
  throw invalidPageToken(token);
}
