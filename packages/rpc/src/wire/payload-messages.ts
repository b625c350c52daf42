import { status } from '@grpc/grpc-js';
import { object } from '@holdfast/contracts';
import { invalidField, rpcError } from '../status/rpc-error.js';
import { varintSize, writeVarint } from './varint.js';

/** One message of an upload. Bytes are views into it. */
export type UploadMessage =
  | { readonly kind: 'header'; readonly bytes: Uint8Array }
  | { readonly kind: 'chunk'; readonly bytes: Uint8Array }
  | { readonly kind: 'finish'; readonly finish: object.PutObjectFinish };

/** One message of a download. Bytes are a view into it. */
export type DownloadMessage =
  | { readonly kind: 'header'; readonly header: object.GetObjectHeader }
  | { readonly kind: 'chunk'; readonly bytes: Uint8Array };

// The first byte of a message that is one length-delimited field, as encoders write it.
const headerTag = 0x0a;
const chunkTag = 0x12;
const finishTag = 0x1a;

/**
 * Reads a message of an upload; `bytes` of a header are an encoded PutObjectHeader. Throws
 * INVALID_ARGUMENT `INVALID_STREAM` for what cannot be decoded, and for nothing.
 */
export function parseUploadMessage(message: Uint8Array): UploadMessage {
  const start = contentStart(message);
  try {
    if (start === undefined) return decodeUploadMessage(message);
    const content = message.subarray(start);
    if (message[0] === chunkTag) return { kind: 'chunk', bytes: content };
    if (message[0] === headerTag) return { kind: 'header', bytes: content };
    if (message[0] !== finishTag) return decodeUploadMessage(message);
    return { kind: 'finish', finish: object.PutObjectFinish.decode(content) };
  } catch (cause) {
    throw invalidField('INVALID_STREAM', 'message', 'it cannot be read', { cause });
  }
}

/** Reads a message of a download. What a server of this contract does not send is INTERNAL. */
export function parseDownloadMessage(message: Uint8Array): DownloadMessage {
  const start = contentStart(message);
  try {
    if (start !== undefined && message[0] === chunkTag) {
      return { kind: 'chunk', bytes: message.subarray(start) };
    }
    return decodeDownloadMessage(message);
  } catch (cause) {
    throw rpcError(status.INTERNAL, undefined, 'a message of the download cannot be read', {
      cause,
    });
  }
}

/** A chunk of an upload or a download, which are the same bytes. Makes one copy. */
export function encodeChunkMessage(chunk: Uint8Array): Buffer {
  return fieldMessage(chunkTag, chunk);
}

export function encodeUploadHeader(header: object.PutObjectHeader): Buffer {
  return fieldMessage(headerTag, object.PutObjectHeader.encode(header).finish());
}

export function encodeUploadFinish(finish: object.PutObjectFinish): Buffer {
  return fieldMessage(finishTag, object.PutObjectFinish.encode(finish).finish());
}

/** Wraps an encoded GetObjectHeader. */
export function encodeDownloadHeader(headerBytes: Uint8Array): Buffer {
  return fieldMessage(headerTag, headerBytes);
}

export interface ChunkBuffer {
  /** Read the bytes into this, from its beginning. */
  readonly target: Uint8Array;
  /** The message of the first `length` bytes of it. Shares memory with `target`. */
  message(length: number): Buffer;
}

/**
 * A buffer to read file bytes into, with room for the message's prefix before them, so that no copy
 * is needed.
 */
export function allocateChunk(bytesMax: number): ChunkBuffer {
  const room = prefixSize(bytesMax);
  const buffer = Buffer.allocUnsafeSlow(room + bytesMax);
  return {
    target: buffer.subarray(room),
    message(length) {
      const start = room - prefixSize(length);
      buffer[start] = chunkTag;
      writeVarint(buffer, start + 1, length);
      return buffer.subarray(start, room + length);
    },
  };
}

function prefixSize(length: number): number {
  return 1 + varintSize(length);
}

function fieldMessage(tag: number, content: Uint8Array): Buffer {
  const message = Buffer.allocUnsafe(prefixSize(content.length) + content.length);
  message[0] = tag;
  message.set(content, writeVarint(message, 1, content.length));
  return message;
}

/** Where the content begins if the message is one length-delimited field from end to end. */
function contentStart(message: Uint8Array): number | undefined {
  let length = 0;
  for (let position = 1; position <= 4; position += 1) {
    const byte = message[position];
    if (byte === undefined) return undefined;
    length |= (byte & 0x7f) << (7 * (position - 1));
    if (byte >= 0x80) continue;
    return position + 1 + length === message.length ? position + 1 : undefined;
  }
  return undefined;
}

function decodeUploadMessage(bytes: Uint8Array): UploadMessage {
  const { message } = object.PutObjectRequest.decode(bytes);
  switch (message?.$case) {
    case 'header':
      return { kind: 'header', bytes: object.PutObjectHeader.encode(message.value).finish() };
    case 'chunk':
      return { kind: 'chunk', bytes: message.value };
    case 'finish':
      return { kind: 'finish', finish: message.value };
    case undefined:
      throw new Error('nothing in it is set');
  }
}

function decodeDownloadMessage(bytes: Uint8Array): DownloadMessage {
  const { message } = object.GetObjectResponse.decode(bytes);
  switch (message?.$case) {
    case 'header':
      return { kind: 'header', header: message.value };
    case 'chunk':
      return { kind: 'chunk', bytes: message.value };
    case undefined:
      throw new Error('nothing in it is set');
  }
}
