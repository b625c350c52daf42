import { status } from '@grpc/grpc-js';
import { Duration } from '@holdfast/contracts';
import { invalidField, rpcError } from '../status/rpc-error.js';
import { FieldReader, wireType } from './field-reader.js';
import { varintSize, writeVarint } from './varint.js';

/** One BatchOperation as it arrived. */
export interface RawOperation {
  readonly index: number;
  /** Missing when none is set, which is also how a newer kind looks. */
  readonly kind: 'put' | 'get' | 'head' | 'delete' | undefined;
  /** The whole BatchOperation, its own index included: a view into the message. */
  readonly bytes: Uint8Array;
  readonly timeoutMs: number | undefined;
  /** As it was given, well-formed or not. */
  readonly traceparent: string | undefined;
}

/** One BatchResult as it arrived: a view into the message. */
export interface RawResult {
  readonly index: number;
  readonly bytes: Uint8Array;
}

/** What goes into a message: an encoded operation or result, and the index it is to have. */
export interface BatchEntry {
  readonly bytes: Uint8Array;
  readonly index: number;
}

/** More operations in one message are refused. */
export const batchOperationsMax = 1_000;
/** A server may gather results of many messages, but not without end. */
const batchResultsMax = 65_536;

const listTag = (1 << 3) | wireType.bytes;
const indexTag = (1 << 3) | wireType.varint;
const timeoutTag = (10 << 3) | wireType.bytes;
const traceparentTag = (12 << 3) | wireType.bytes;
const secondsTag = (1 << 3) | wireType.varint;
const nanosTag = (2 << 3) | wireType.varint;

/**
 * Cuts a BatchObjectsRequest into its operations without decoding them. Of a field that is given
 * several times the last one counts, as ever in protobuf. Throws INVALID_ARGUMENT `INVALID_BATCH`
 * for what is malformed and for more than 1,000 operations.
 */
export function splitBatchRequest(message: Uint8Array): RawOperation[] {
  try {
    return splitList(message, rawOperation, batchOperationsMax);
  } catch (cause) {
    const why = cause instanceof Error ? cause.message : 'it cannot be read';
    throw invalidField('INVALID_BATCH', 'operations', why, { cause });
  }
}

/** Cuts a BatchObjectsResponse into its results. What no server of this contract sends is INTERNAL. */
export function splitBatchResponse(message: Uint8Array): RawResult[] {
  try {
    return splitList(message, rawResult, batchResultsMax);
  } catch (cause) {
    throw rpcError(status.INTERNAL, undefined, 'a message of the batch cannot be read', { cause });
  }
}

/**
 * Gathers operations or results into one message, each under the index given here: a further index
 * field behind the others counts. Makes one allocation and one copy.
 */
export function joinBatch(entries: readonly BatchEntry[]): Buffer {
  let size = 0;
  for (const entry of entries) size += entryBytes(entry);
  const message = Buffer.allocUnsafe(size);
  let position = 0;
  for (const { bytes, index } of entries) {
    message[position] = listTag;
    position = writeVarint(message, position + 1, bytes.length + indexBytes(index));
    message.set(bytes, position);
    position += bytes.length;
    message[position] = indexTag;
    position = writeVarint(message, position + 1, index);
  }
  return message;
}

/** What an entry adds to the size of a message. */
export function entryBytes({ bytes, index }: BatchEntry): number {
  const length = bytes.length + indexBytes(index);
  return 1 + varintSize(length) + length;
}

function indexBytes(index: number): number {
  return 1 + varintSize(index);
}

function splitList<T>(
  message: Uint8Array,
  read: (bytes: Uint8Array) => T,
  entriesMax: number,
): T[] {
  const entries: T[] = [];
  const fields = new FieldReader(message);
  while (fields.more) {
    const tag = fields.tag();
    if (tag !== listTag) {
      fields.skip(tag);
      continue;
    }
    if (entries.length === entriesMax) throw new Error(`it has more than ${entriesMax} entries`);
    entries.push(read(fields.view()));
  }
  return entries;
}

function rawOperation(bytes: Uint8Array): RawOperation {
  const fields = new FieldReader(bytes);
  let index = 0;
  let kind: RawOperation['kind'];
  let timeoutMs: number | undefined;
  let traceparent: string | undefined;
  while (fields.more) {
    const tag = fields.tag();
    if (tag === indexTag) {
      index = fields.uint32();
    } else if (tag === timeoutTag) {
      timeoutMs = durationMs(fields.view());
    } else if (tag === traceparentTag) {
      traceparent = asciiText(fields.view());
    } else {
      kind = operationKind(tag) ?? kind;
      fields.skip(tag);
    }
  }
  return { index, kind, bytes, timeoutMs, traceparent };
}

/** One that is well-formed is ASCII; what else a caller puts there need not be read as it was meant. */
function asciiText(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString('latin1');
}

function operationKind(tag: number): RawOperation['kind'] {
  if ((tag & 7) !== wireType.bytes) return undefined;
  switch (tag >>> 3) {
    case 2:
      return 'put';
    case 3:
      return 'get';
    case 4:
      return 'head';
    case 5:
      return 'delete';
  }
  return undefined;
}

function rawResult(bytes: Uint8Array): RawResult {
  const fields = new FieldReader(bytes);
  let index = 0;
  while (fields.more) {
    const tag = fields.tag();
    if (tag === indexTag) index = fields.uint32();
    else fields.skip(tag);
  }
  return { index, bytes };
}

/** In milliseconds, the fraction rounded up. A negative one is rare enough for the general decoder. */
function durationMs(bytes: Uint8Array): number {
  const fields = new FieldReader(bytes);
  let seconds = 0;
  let nanos = 0;
  while (fields.more) {
    const tag = fields.tag();
    if (tag === secondsTag) seconds = fields.unsigned();
    else if (tag === nanosTag) nanos = fields.unsigned();
    else fields.skip(tag);
  }
  if (seconds > Number.MAX_SAFE_INTEGER || nanos > 0x7fff_ffff) {
    const duration = Duration.decode(bytes);
    seconds = Number(duration.seconds);
    nanos = duration.nanos;
  }
  return seconds * 1_000 + Math.ceil(nanos / 1_000_000);
}
