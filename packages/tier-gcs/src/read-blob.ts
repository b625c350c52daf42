import {
  assert,
  DomainError,
  type BlobName,
  type BlobRead,
  type ByteSpan,
  type Payload,
} from '@holdfast/domain';
import type { Attempts } from './attempts.js';
import { decodeBlob, footerBytesOf, shapeOf } from './blob-codec.js';
import { damaged, PassingFailure, refusal, unavailable, unreadable } from './errors.js';
import type { Answer, OpenAnswer } from './json-api.js';
import { describeMedia, isStoredEncoded, type MediaHead } from './media-head.js';
import { mediaPayload, type MediaRange, type MediaSource } from './media-payload.js';
import type { Objects } from './objects.js';
import { readFooter } from './read-footer.js';

export interface ReadDependencies {
  readonly objects: Objects;
  /** Hears of every payload that is handed out, and when it is closed. */
  readonly readers: { opened(): void; closed(): void };
}

/**
 * 1. Ask for the bytes. The head of the answer tells of the whole object, so this is the only request
 *    for all but those whose metadata follows the payload, of which a second one asks for that.
 * 2. Hand out the bytes as they are wanted. Whatever more is asked for is asked of the generation that
 *    the first answer was of, so that one payload never mixes two.
 */
export async function readBlob(
  name: BlobName,
  span: ByteSpan | undefined,
  signal: AbortSignal | undefined,
  dependencies: ReadDependencies,
): Promise<BlobRead> {
  try {
    if (signal?.aborted === true) throw new DomainError({ code: 'CANCELLED' });
    if (span?.length === 0) return await readNothing(name, signal, dependencies);
    return await readSome(name, span, signal, dependencies);
  } catch (error) {
    if (signal?.aborted === true) throw new DomainError({ code: 'CANCELLED' });
    throw error;
  }
}

/** A range of no bytes cannot be asked for. */
async function readNothing(
  name: BlobName,
  signal: AbortSignal | undefined,
  { objects }: ReadDependencies,
): Promise<BlobRead> {
  const resource = await objects.look(name, undefined, signal);
  if (resource === undefined) return { kind: 'absent' };
  const { size, crc32c } = decodeBlob(resource, await readFooter(objects, resource, signal));
  return { kind: 'found', size, crc32c, payload: emptyPayload() };
}

async function* emptyPayload(): Payload {
  // Nothing, and nothing to close.
}

async function readSome(
  name: BlobName,
  span: ByteSpan | undefined,
  signal: AbortSignal | undefined,
  dependencies: ReadDependencies,
): Promise<BlobRead> {
  const { objects, readers } = dependencies;
  const { api } = objects;
  const attempts = api.attempts();
  const asked = span === undefined ? undefined : { position: span.offset, end: endOf(span) };
  const first = await openMedia(objects, name, asked, attempts, signal);
  if (first.kind === 'whole') {
    if (await objects.isMissing(first)) return { kind: 'absent' };
    throw refusedMedia(name, first);
  }
  try {
    if (isStoredEncoded(first.headers)) throw unreadable(name, 'it is stored encoded');
    const head = describeMedia(first.headers, asked?.position ?? 0);
    const { size, crc32c } = await describeBlob(objects, name, head, signal);
    const range = asked ?? { position: 0, end: size };
    assert(range.end <= size, 'a span lies within');
    // From here on the payload hears of it, and not before.
    signal?.throwIfAborted();
    api.closed.throwIfAborted();
    readers.opened();
    const source = {
      first,
      attempts,
      closed: api.closed,
      reopen: reopenAt(objects, name, head),
    };
    const payload = mediaPayload(range, source, signal, () => readers.closed());
    return { kind: 'found', size, crc32c, payload };
  } catch (error) {
    first.close();
    throw error;
  }
}

function endOf({ offset, length }: ByteSpan): number {
  return offset + length;
}

async function openMedia(
  objects: Objects,
  name: BlobName,
  range: MediaRange | undefined,
  attempts: Attempts,
  signal: AbortSignal | undefined,
): Promise<Answer | OpenAnswer> {
  const { api } = objects;
  for (;;) {
    try {
      return await api.open(mediaRequest(objects, name, range), attempts, signal);
    } catch (error) {
      if (!(error instanceof PassingFailure)) throw error;
      await attempts.pauseAfter(error, signal);
    }
  }
}

function mediaRequest(
  { paths }: Objects,
  name: BlobName,
  range: MediaRange | undefined,
  generation?: string,
): { readonly method: 'GET'; readonly path: string; readonly headers: Record<string, string> } {
  const path = paths.object(name, { alt: 'media', generation });
  const headers: Record<string, string> = {};
  if (range !== undefined) headers['range'] = `bytes=${range.position}-${range.end - 1}`;
  return { method: 'GET', path, headers };
}

function reopenAt(
  objects: Objects,
  name: BlobName,
  { generation }: MediaHead,
): MediaSource['reopen'] {
  return async (range, attempts, signal) => {
    const request = mediaRequest(objects, name, range, generation);
    const answer = await objects.api.open(request, attempts, signal);
    if (answer.kind === 'whole') {
      if (!(await objects.isMissing(answer))) throw refusedMedia(name, answer);
      throw unavailable('a blob was removed while it was being read');
    }
    try {
      const head = describeMedia(answer.headers, range.position);
      assert(head.generation === generation, 'the generation that was asked for is answered');
      return answer;
    } catch (error) {
      answer.close();
      throw error;
    }
  };
}

/** Size and checksum of the payload: mostly those of the object. */
async function describeBlob(
  objects: Objects,
  name: BlobName,
  { contentType, objectBytes, crc32c, generation }: MediaHead,
  signal: AbortSignal | undefined,
): Promise<{ readonly size: number; readonly crc32c: number }> {
  const footerBytes = footerBytesOf(contentType);
  if (footerBytes === undefined) throw unreadable(name, 'its content type is not that of a blob');
  if (footerBytes === 0 && crc32c !== undefined) return { size: objectBytes, crc32c };
  const resource = await objects.look(name, generation, signal);
  if (resource === undefined) throw unavailable('a blob was removed while it was being read');
  if (footerBytes === 0) return { size: shapeOf(resource).size, crc32c: resource.crc32c };
  return decodeBlob(resource, await readFooter(objects, resource, signal));
}

function refusedMedia(name: BlobName, answer: Answer): DomainError {
  if (answer.status === 416) return damaged(name, 'it is shorter than the range asked for');
  return refusal('reading an object', answer);
}
