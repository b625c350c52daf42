import {
  decodeRowHead,
  encodeRowHead,
  type InlineRow,
  type ObjectId,
  type StoredHead,
  type TombstoneRow,
} from '@holdfast/domain';
import { asBuffer } from './as-buffer.js';
import type { Environment } from './environment.js';
import { decodeIntents, isWithoutIntents, type Intents } from './intents-codec.js';
import { createCopyPool } from './copy-pool.js';

export type RowKey = Buffer;

/** The key of an object in every database of rows: LMDB then orders them as paths are ordered. */
export function rowKeyOf(id: ObjectId): RowKey {
  return Buffer.from(id.path);
}

/** A content as it will be stored, encoded before the write transaction begins. */
export interface EncodedContent {
  readonly head: Uint8Array;
  readonly payload: Uint8Array | undefined;
}

export function encodeContent(row: InlineRow | TombstoneRow): EncodedContent {
  return { head: encodeRowHead(row), payload: row.kind === 'inline' ? row.payload : undefined };
}

/** The parts of a row, read and written inside whatever transaction is the current one. */
export interface Rows {
  head(id: ObjectId, key: RowKey): StoredHead | undefined;
  payload(key: RowKey): Uint8Array | undefined;
  intents(id: ObjectId, key: RowKey): Intents;
  putHead(key: RowKey, head: StoredHead): void;
  putIntents(key: RowKey, intents: Intents): void;
  /** Replaces the content, or removes it, and removes all intents. */
  replace(key: RowKey, before: StoredHead | undefined, content: EncodedContent | undefined): void;
}

export function createRows({ heads, payloads, intents }: Environment): Rows {
  const copies = createCopyPool();

  return {
    head(id, key) {
      // A view of lmdb-js's own buffer, valid until the next read: nothing of it outlives the decoding.
      const bytes = heads.getBinaryFast(key);
      // Its plain view is cheaper to make than a Buffer, and this is on the path of every read.
      return bytes && decodeRowHead(viewOf(bytes, bytes.length), id.path);
    },

    payload(key) {
      const bytes = payloads.getBinaryFast(key);
      return bytes && copies.take(bytes, bytes.length);
    },

    intents: (id, key) => decodeIntents(intents.getBinary(key), id.path),

    putHead(key, head) {
      void heads.put(key, asBuffer(encodeRowHead(head)));
    },

    putIntents(key, remaining) {
      if (isWithoutIntents(remaining)) void intents.remove(key);
      else void intents.put(key, remaining);
    },

    replace(key, before, content) {
      if (content === undefined) void heads.remove(key);
      else void heads.put(key, asBuffer(content.head));
      if (content?.payload !== undefined) void payloads.put(key, asBuffer(content.payload));
      else if (before?.kind === 'inline') void payloads.remove(key);
      void intents.remove(key);
    },
  };
}

function viewOf({ buffer, byteOffset }: Uint8Array, length: number): Uint8Array {
  return new Uint8Array(buffer, byteOffset, length);
}
