import { varintSize, writeVarint } from '@holdfast/rpc';
import type { EncodedResult } from './encoded-result.js';

/** A result on its way out. */
export interface IndexedResult {
  readonly index: number;
  readonly result: EncodedResult;
}

// BatchObjectsResponse.results, BatchResult.index and BatchGetResult.payload.
const resultTag = 0x0a;
const indexTag = 0x08;
const payloadTag = 0x1a;

/**
 * Puts results into one message, with a single copy of each payload. A payload comes last in its
 * result, so that a reader parts it from the rest without copying either.
 */
export function joinResults(entries: readonly IndexedResult[]): Buffer {
  let size = 0;
  for (const entry of entries) size += resultBytes(entry);
  const message = Buffer.allocUnsafe(size);
  let position = 0;
  for (const { index, result } of entries) {
    const { tag, bytes, payload } = result;
    const outcome = outcomeBytes(result);
    message[position] = resultTag;
    position = writeVarint(message, position + 1, innerBytes(index, outcome));
    message[position] = indexTag;
    position = writeVarint(message, position + 1, index);
    message[position] = tag;
    position = writeVarint(message, position + 1, outcome);
    message.set(bytes, position);
    position += bytes.length;
    if (payload === undefined) continue;
    message[position] = payloadTag;
    position = writeVarint(message, position + 1, payload.length);
    message.set(payload, position);
    position += payload.length;
  }
  return message;
}

/** What a result adds to the size of a message. */
export function resultBytes({ index, result }: IndexedResult): number {
  return field(innerBytes(index, outcomeBytes(result)));
}

function innerBytes(index: number, outcome: number): number {
  return 1 + varintSize(index) + field(outcome);
}

function outcomeBytes({ bytes, payload }: EncodedResult): number {
  return bytes.length + (payload === undefined ? 0 : field(payload.length));
}

/** A length-delimited field of a number below 16, with that content. */
function field(contentBytes: number): number {
  return 1 + varintSize(contentBytes) + contentBytes;
}
