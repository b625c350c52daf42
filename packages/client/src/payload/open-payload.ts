import type { CallGuard } from '../call-guard.js';
import { filePayload } from './file-payload.js';
import type { Payload } from './payload.js';
import { streamPayload, type ByteStream } from './stream-payload.js';

/**
 * What a put stores: bytes, text (as UTF-8), a file by its path, or a stream of either. Bytes, text
 * and files can be sent again when an attempt fails. A stream can be read once only: a put of more
 * than 256 KiB from a stream fails with the error of the attempt that had begun to read it.
 */
export type PutBody = Uint8Array | string | ByteStream | { readonly file: string | URL };

/** Of a body that has to be read from somewhere. */
export async function openPayload(
  body: Exclude<PutBody, Uint8Array | string>,
  guard: CallGuard,
): Promise<Payload> {
  if (Symbol.asyncIterator in body) return streamPayload(body, guard);
  return filePayload(body.file, guard);
}
