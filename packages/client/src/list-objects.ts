import { object } from '@holdfast/contracts';
import { limits, type ListContext } from '@holdfast/domain';
import { rpcOptions, termsOf, type CallOptions } from './call-terms.js';
import type { ClientCore } from './client-core.js';
import { withPublicErrors } from './errors.js';
import { toListContext, type ListInput } from './object-id.js';
import { decodeObjectInfo, type ObjectInfo } from './object-info.js';

/** `deadlineMs` is of each page. */
export interface ListOptions extends CallOptions {
  /** Objects in a page, at most; 1,000 is the most, and the default. */
  readonly pageSize?: number | undefined;
  /** Where to go on: the `nextPageToken` of a page of the same list. */
  readonly pageToken?: string | undefined;
}

export interface ObjectPage {
  /** In the order of their storage paths. There may be none, also where there is a next page. */
  readonly objects: readonly ObjectInfo[];
  /** Where the next page begins; missing after the last one. It does not expire. */
  readonly nextPageToken: string | undefined;
}

/**
 * Objects one by one, fetched page by page as they are asked for. It is no snapshot: an object that
 * is there all the while is listed once, one that is written or deleted meanwhile may or may not be.
 */
export interface ObjectList extends AsyncIterable<ObjectInfo> {
  /** The same, a page at a time. */
  pages(): AsyncIterable<ObjectPage>;
}

export function listObjects(core: ClientCore, input: ListInput, options: ListOptions): ObjectList {
  const context = toListContext(input);
  const pages = (): AsyncGenerator<ObjectPage, undefined> => pagesOf(core, context, options);
  return {
    pages,
    async *[Symbol.asyncIterator]() {
      for await (const page of pages()) yield* page.objects;
    },
  };
}

async function* pagesOf(
  core: ClientCore,
  context: ListContext,
  options: ListOptions,
): AsyncGenerator<ObjectPage, undefined> {
  let token = options.pageToken ?? '';
  do {
    const pageToken = token;
    const page = await withPublicErrors(() => fetchPage(core, context, { ...options, pageToken }));
    yield page;
    token = page.nextPageToken ?? '';
  } while (token !== '');
  return undefined;
}

async function fetchPage(
  core: ClientCore,
  context: ListContext,
  options: ListOptions,
): Promise<ObjectPage> {
  const { usecase, scopes, keyPrefix } = context;
  const terms = termsOf(options, core.deadlineMs, core.clock);
  const pageSize = options.pageSize ?? limits.pageSizeMax;
  const request = { usecase, scopes, keyPrefix, pageSize, pageToken: options.pageToken ?? '' };
  const call = { ...rpcOptions(terms), signal: terms.signal };
  const { objects, nextPageToken } = await core.repeats.run(
    () => core.channel.unary(object.ObjectServiceService.listObjects, request, call),
    terms,
  );
  return {
    objects: objects.map(decodeObjectInfo),
    nextPageToken: nextPageToken === '' ? undefined : nextPageToken,
  };
}
