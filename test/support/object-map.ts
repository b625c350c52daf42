import type { object } from '@holdfast/contracts';
import {
  contentTypeDefault,
  parseObjectId,
  parseRevision,
  parseStoragePath,
  parseStoragePrefix,
  spanOf,
  type ByteSpan,
} from '@holdfast/domain';
import { reasonError } from '@holdfast/rpc';
import { nativeChecksum } from '@holdfast/service-kit';

interface Entry {
  readonly info: object.ObjectInfo;
  readonly payload: Buffer;
}

/** The rules of the object service over a Map: conditions, revisions, ranges, expiry, pages. */
export interface ObjectMap {
  put(header: object.PutObjectHeader | undefined, payload: Buffer): object.PutObjectResponse;
  get(request: object.GetObjectRequest): Entry & { readonly span: ByteSpan };
  head(request: object.HeadObjectRequest): object.ObjectInfo;
  delete(request: object.DeleteObjectRequest): object.DeleteObjectResponse;
  list(request: object.ListObjectsRequest): object.ListObjectsResponse;
  readonly size: () => number;
}

export function createObjectMap(): ObjectMap {
  const entries = new Map<string, Entry>();
  let writes = 0;
  const find = (id: object.ObjectId | undefined): Entry | undefined => {
    const entry = entries.get(pathOf(id));
    const expires = entry?.info.timeExpires?.getTime() ?? Infinity;
    return expires <= Date.now() ? undefined : entry;
  };
  const demand = (id: object.ObjectId | undefined, ifRevision: string | undefined): Entry => {
    checkRevision(ifRevision);
    const entry = find(id);
    if (entry === undefined) throw reasonError('OBJECT_NOT_FOUND', 'there is no such object');
    if (ifRevision === undefined || ifRevision === entry.info.revision) return entry;
    throw mismatch(entry);
  };
  return {
    put(header, payload) {
      const objectId = parsed(header?.objectId);
      checkCondition(header?.condition, find(objectId));
      writes += 1;
      const revision = `01900000-0000-7000-8000-${String(writes).padStart(12, '0')}`;
      const crc32c = nativeChecksum.crc32c(payload, 0);
      const size = BigInt(payload.length);
      const timeCreated = new Date();
      const metadata = withDefaults(header?.metadata);
      const timeExpires = expiryOf(metadata, timeCreated);
      const info = { objectId, metadata, revision, size, crc32c, timeCreated, timeExpires };
      entries.set(pathOf(objectId), { info, payload });
      return { objectId, revision, size, crc32c };
    },
    get({ objectId, range, ifRevision }) {
      const entry = demand(objectId, ifRevision);
      return { ...entry, span: rangeOf(range, entry.payload.length) };
    },
    head: ({ objectId, ifRevision }) => demand(objectId, ifRevision).info,
    delete({ objectId, ifRevision }) {
      checkRevision(ifRevision);
      const entry = find(objectId);
      if (entry === undefined) return {};
      if (ifRevision !== undefined && ifRevision !== entry.info.revision) throw mismatch(entry);
      entries.delete(pathOf(objectId));
      return { deletedRevision: entry.info.revision };
    },
    list({ pageSize, pageToken, ...context }) {
      if (pageSize > 1_000) throw reasonError('INVALID_PAGE', 'page_size: at most 1000');
      const prefix = parseStoragePrefix(context);
      const paths = [...entries.keys()]
        .filter((path) => path.startsWith(prefix) && path > pageToken)
        .toSorted((left, right) => Buffer.compare(Buffer.from(left), Buffer.from(right)));
      const page = paths.slice(0, pageSize === 0 ? 100 : pageSize);
      const objects = page.map((path) => find(parseStoragePath(path))?.info);
      const nextPageToken = page.length < paths.length ? (page.at(-1) ?? '') : '';
      return { objects: objects.filter((info) => info !== undefined), nextPageToken };
    },
    size: () => entries.size,
  };
}

function parsed(id: object.ObjectId | undefined): object.ObjectId {
  const { usecase, scopes, key } = parseObjectId(id ?? { usecase: '', scopes: [], key: '' });
  return { usecase, scopes, key };
}

function pathOf(id: object.ObjectId | undefined): string {
  return parseObjectId(id ?? { usecase: '', scopes: [], key: '' }).path;
}

function checkCondition(put: object.PutCondition | undefined, entry: Entry | undefined): void {
  if (put === undefined) return;
  switch (put.condition?.$case) {
    case 'ifAbsent':
      if (entry === undefined) return;
      throw reasonError('OBJECT_EXISTS', 'there is such an object already', {
        info: { revision: entry.info.revision },
      });
    case 'ifRevision':
      checkRevision(put.condition.value);
      if (entry?.info.revision === put.condition.value) return;
      throw mismatch(entry);
    case undefined:
      throw reasonError('INVALID_CONDITION', 'condition: must be set');
  }
}

function checkRevision(ifRevision: string | undefined): void {
  if (ifRevision !== undefined) parseRevision(ifRevision, 'if_revision');
}

function mismatch(entry: Entry | undefined): Error {
  const info: Record<string, string> = entry === undefined ? {} : { revision: entry.info.revision };
  return reasonError('REVISION_MISMATCH', 'the object is not at the revision asked for', { info });
}

function withDefaults(metadata: object.CallerMetadata | undefined): object.CallerMetadata {
  return {
    expiration: metadata?.expiration,
    custom: metadata?.custom ?? [],
    ...metadata,
    contentType: metadata?.contentType ?? contentTypeDefault,
  };
}

function expiryOf(metadata: object.CallerMetadata, from: Date): Date | undefined {
  const duration = metadata.expiration?.policy?.value;
  if (duration === undefined) return undefined;
  return new Date(from.getTime() + Number(duration.seconds) * 1_000 + duration.nanos / 1_000_000);
}

function rangeOf(range: object.ByteRange | undefined, size: number): ByteSpan {
  if (range === undefined) return { offset: 0, length: size };
  const last = range.last === undefined ? undefined : Number(range.last);
  switch (range.start?.$case) {
    case 'first':
      return spanOf({ kind: 'slice', first: Number(range.start.value), last }, size);
    case 'suffix':
      return spanOf({ kind: 'suffix', length: Number(range.start.value) }, size);
    case undefined:
      throw reasonError('INVALID_RANGE', 'range: must be set');
  }
}
