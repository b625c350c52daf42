import { ApiError, invalid } from './api-error.js';
import { decodeUtf8 } from './json-body.js';

/** A body of `multipart/related`: its first part as text, its second as it comes. */
export interface MultipartBody {
  readonly metadataType: string | undefined;
  readonly metadata: string;
  readonly mediaType: string | undefined;
  readonly media: AsyncIterable<Uint8Array>;
}

const lineBreak = Buffer.from('\r\n');
const headersEnd = Buffer.from('\r\n\r\n');
const boundaryCharactersMax = 70;
const metadataBytesMax = 1024 * 1024;
const headersBytesMax = 16 * 1024;
const epilogueBytesMax = 1024;

export async function readMultipart(
  contentType: string | undefined,
  body: AsyncIterable<Uint8Array>,
): Promise<MultipartBody> {
  const delimiter = Buffer.from(`\r\n--${boundaryOf(contentType)}`);
  const scanner = createScanner(body);
  await scanner.until(delimiter.subarray(lineBreak.length), 0);
  await expectLineEnd(scanner);
  const metadataType = await readPartType(scanner);
  const metadata = decodeUtf8(await scanner.until(delimiter, metadataBytesMax));
  await expectLineEnd(scanner);
  const mediaType = await readPartType(scanner);
  return { metadataType, metadata, mediaType, media: readMedia(scanner, delimiter) };
}

function boundaryOf(contentType: string | undefined): string {
  const match =
    /^multipart\/related\s*;(?:.*;)?\s*boundary=(?:"(?<quoted>[^"]+)"|(?<plain>[^\s;"]+))/iu.exec(
      contentType ?? '',
    );
  const boundary = match?.groups?.['quoted'] ?? match?.groups?.['plain'] ?? '';
  if (boundary === '' || boundary.length > boundaryCharactersMax) {
    const message = `Multipart uploads need multipart/related with a boundary: ${contentType ?? ''}`;
    throw new ApiError(400, 'badContent', message);
  }
  return boundary;
}

/** After a boundary that begins a part. */
async function expectLineEnd(scanner: Scanner): Promise<void> {
  const padding = await scanner.until(lineBreak, headersBytesMax);
  if (padding.toString('latin1').trim() !== '') throw malformed('a boundary must end its line');
}

async function readPartType(scanner: Scanner): Promise<string | undefined> {
  const headers = (await scanner.until(headersEnd, headersBytesMax)).toString('latin1');
  let type: string | undefined;
  for (const line of headers.split('\r\n')) {
    const colon = line.indexOf(':');
    if (colon < 1) throw malformed(`not a header of a part: ${line}`);
    if (line.slice(0, colon).toLowerCase() === 'content-type') type = line.slice(colon + 1).trim();
  }
  return type;
}

async function* readMedia(scanner: Scanner, delimiter: Buffer): AsyncGenerator<Uint8Array> {
  yield* scanner.through(delimiter);
  const epilogue = (await scanner.rest(epilogueBytesMax)).toString('latin1');
  if (!/^--[ \t]*(?:\r\n\s*)?$/u.test(epilogue)) throw malformed('exactly two parts are expected');
}

function malformed(why: string): ApiError {
  return invalid(`Malformed multipart body: ${why}.`);
}

interface Scanner {
  /** The bytes before the next `mark`, of which there are at most `bytesMax`; goes on after it. */
  until(mark: Buffer, bytesMax: number): Promise<Buffer>;
  /** The same for a part of any length, as it comes. */
  through(mark: Buffer): AsyncGenerator<Uint8Array>;
  rest(bytesMax: number): Promise<Buffer>;
}

function createScanner(body: AsyncIterable<Uint8Array>): Scanner {
  const source = body[Symbol.asyncIterator]();
  let held: Buffer = Buffer.alloc(0);

  async function readMore(): Promise<boolean> {
    const next = await source.next();
    if (next.done === true) return false;
    const chunk = Buffer.from(next.value.buffer, next.value.byteOffset, next.value.byteLength);
    held = held.length === 0 ? chunk : Buffer.concat([held, chunk]);
    return true;
  }

  function take(length: number): Buffer {
    const taken = held.subarray(0, length);
    held = held.subarray(length);
    return taken;
  }

  return {
    async until(mark, bytesMax) {
      for (;;) {
        const at = held.indexOf(mark);
        if (at > bytesMax || (at === -1 && held.length > bytesMax + mark.length)) {
          throw malformed('something before a boundary or the end of headers is too long');
        }
        if (at !== -1) return take(at + mark.length).subarray(0, at);
        if (!(await readMore())) throw malformed('Missing end boundary in multipart body');
      }
    },

    async *through(mark) {
      for (;;) {
        const at = held.indexOf(mark);
        if (at !== -1) {
          yield take(at + mark.length).subarray(0, at);
          return;
        }
        // Its end may be the beginning of the mark.
        yield take(Math.max(0, held.length - mark.length + 1));
        if (!(await readMore())) throw malformed('Missing end boundary in multipart body');
      }
    },

    async rest(bytesMax) {
      while (await readMore()) if (held.length > bytesMax) throw malformed('it goes on too long');
      return held;
    },
  };
}
