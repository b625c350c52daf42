import {
  DomainError,
  assert,
  compareUtf8,
  invalid,
  type BlobMetadata,
  type BlobName,
  type BlobPage,
  type ByteSpan,
  type Checksum,
  type Clock,
  type CreateResult,
  type ListedBlob,
  type LongTermTier,
  type ObjectMetadata,
  type Payload,
  type Timestamp,
  type UndecidedEntry,
} from '@holdfast/domain';
import { collectPayload, sliceInChunks } from './memory-payload.js';

/**
 * The long-term tier in memory. Except for `create`, which first waits for its payload, every method
 * has its whole effect before it returns its promise, so a simulator may call it as one atomic step.
 */
export interface MemoryLongTermTier extends LongTermTier {
  /** What `create` does once it has the whole payload. `bytes` is copied. */
  insert(name: BlobName, metadata: BlobMetadata, bytes: Uint8Array): CreateResult;
  /** Flips one bit of the payload, as a bad disk would. */
  damage(name: BlobName, at?: number): void;
  /** Brings back the blob that was removed last, as a disk does that had not been told of it yet. */
  losePower(): void;
  /** Which one that would be, whether or not it is back. */
  removedLast(): BlobName | undefined;
  /** Places something that is no blob of ours; every listing shows it. */
  addForeign(where: string, why: string): void;
  /** All blobs in the order of `list`. */
  snapshot(): readonly StoredBlob[];
  /** Payloads that were opened and have neither ended nor been returned. */
  openReaders(): number;
}

export interface StoredBlob {
  readonly name: BlobName;
  readonly size: number;
  readonly timeExpires?: Timestamp | undefined;
  /** By the clock of the tier, where `timeCreated` of a blob is by that of its writer. */
  readonly timeInserted: Timestamp;
}

export interface MemoryLongTermTierDependencies {
  readonly clock: Clock;
  readonly checksum: Checksum;
}

interface MemoryBlob {
  readonly metadata: ObjectMetadata;
  readonly bytes: Uint8Array;
  readonly timeInserted: Timestamp;
}

type Entry =
  | { readonly kind: 'blob'; readonly name: BlobName; readonly blob: MemoryBlob }
  | { readonly kind: 'foreign'; readonly entry: UndecidedEntry };

const cursorMark = 'after:';

export function createMemoryLongTermTier({
  clock,
  checksum,
}: MemoryLongTermTierDependencies): MemoryLongTermTier {
  const entries = new Map<string, Entry>();
  const readers = new Set<Payload>();
  let removedLast: { readonly name: BlobName; readonly blob: MemoryBlob } | undefined;

  function find(name: BlobName): MemoryBlob | undefined {
    const entry = entries.get(name);
    return entry?.kind === 'blob' ? entry.blob : undefined;
  }

  function insert(name: BlobName, metadata: BlobMetadata, bytes: Uint8Array): CreateResult {
    if (entries.has(name)) return { kind: 'exists' };
    const size = bytes.length;
    const crc32c = checksum.crc32c(bytes, 0);
    const stored = { ...metadata, custom: new Map(metadata.custom), size, crc32c };
    // Not `slice`, which of a Buffer is a view.
    const copy = new Uint8Array(bytes);
    const blob = { metadata: stored, bytes: copy, timeInserted: clock.now() };
    entries.set(name, { kind: 'blob', name, blob });
    return { kind: 'created', size, crc32c };
  }

  function openReader(
    { bytes, metadata }: MemoryBlob,
    span: ByteSpan | undefined,
    signal: AbortSignal | undefined,
  ): Payload {
    const { offset, length } = span ?? { offset: 0, length: metadata.size };
    assert(offset >= 0 && length >= 0 && offset + length <= metadata.size, 'a span lies within');
    const close = (): void => void readers.delete(payload);
    const payload = sliceInChunks(bytes.subarray(offset, offset + length), signal, close);
    readers.add(payload);
    return payload;
  }

  function sortedKeys(): string[] {
    return [...entries.keys()].toSorted(compareUtf8);
  }

  return {
    insert,

    async create(name, metadata, payload) {
      return insert(name, metadata, await collectPayload(payload));
    },

    async read(name, span, signal) {
      if (signal?.aborted === true) throw new DomainError({ code: 'CANCELLED' });
      const blob = find(name);
      if (blob === undefined) return { kind: 'absent' };
      const { size, crc32c } = blob.metadata;
      return { kind: 'found', size, crc32c, payload: openReader(blob, span, signal) };
    },

    async head(name) {
      const blob = find(name);
      return blob === undefined ? { kind: 'absent' } : { kind: 'found', metadata: blob.metadata };
    },

    async remove(name) {
      const blob = find(name);
      if (blob === undefined) return { kind: 'absent' };
      entries.delete(name);
      removedLast = { name, blob };
      return { kind: 'removed', size: blob.metadata.size };
    },

    async extend(name, timeExpires) {
      const blob = find(name);
      if (blob === undefined) return 'absent';
      const current = blob.metadata.timeExpires;
      if (current !== undefined && timeExpires > current) {
        const metadata = { ...blob.metadata, timeExpires };
        entries.set(name, { kind: 'blob', name, blob: { ...blob, metadata } });
      }
      return 'extended';
    },

    async list(cursor, limit) {
      assert(Number.isSafeInteger(limit) && limit > 0, 'a page has room for an entry');
      const after = cursor === undefined ? undefined : parseCursor(cursor);
      const keys = sortedKeys().filter((key) => after === undefined || compareUtf8(key, after) > 0);
      return pageOf(
        keys.slice(0, limit).flatMap((key) => entries.get(key) ?? []),
        keys.length > limit ? keys[limit - 1] : undefined,
      );
    },

    damage(name, at = 0) {
      const blob = find(name);
      assert(blob !== undefined && at < blob.bytes.length, 'only an existing byte can be damaged');
      const bytes = new Uint8Array(blob.bytes);
      bytes[at] = (bytes[at] ?? 0) ^ 1;
      entries.set(name, { kind: 'blob', name, blob: { ...blob, bytes } });
    },

    losePower() {
      if (removedLast === undefined || entries.has(removedLast.name)) return;
      entries.set(removedLast.name, { kind: 'blob', ...removedLast });
    },

    removedLast: () => removedLast?.name,

    addForeign(where, why) {
      entries.set(where, { kind: 'foreign', entry: { where, why } });
    },

    snapshot() {
      const present = sortedKeys().flatMap((key) => entries.get(key) ?? []);
      return present.flatMap((entry) => (entry.kind === 'blob' ? [describeBlob(entry)] : []));
    },

    openReaders: () => readers.size,
  };
}

function describeBlob({ name, blob }: Extract<Entry, { readonly kind: 'blob' }>): StoredBlob {
  const { metadata, timeInserted } = blob;
  return { name, size: metadata.size, timeExpires: metadata.timeExpires, timeInserted };
}

function pageOf(entries: readonly Entry[], last: string | undefined): BlobPage {
  const blobs: ListedBlob[] = [];
  const undecided: UndecidedEntry[] = [];
  for (const entry of entries) {
    if (entry.kind === 'foreign') {
      undecided.push(entry.entry);
    } else {
      const { size, timeCreated } = entry.blob.metadata;
      blobs.push({ name: entry.name, size, timeCreated });
    }
  }
  return { blobs, undecided, ...(last === undefined ? undefined : { next: cursorMark + last }) };
}

function parseCursor(cursor: string): string {
  if (cursor.startsWith(cursorMark)) return cursor.slice(cursorMark.length);
  throw invalid('INVALID_PAGE', 'page_token', cursor, 'must come from an earlier page');
}
