import { assert } from '../assert.js';
import type { BlobName } from '../blob-name.js';
import { parseByteRange, spanOf, type ByteRange, type ByteSpan } from '../byte-range.js';
import { failedCondition, type PreconditionFailed } from '../condition.js';
import { DomainError } from '../errors.js';
import { tombstoneReadsMax } from '../limits.js';
import type { ObjectMetadata } from '../metadata.js';
import type { ObjectId } from '../object-id.js';
import type { Payload } from '../ports/long-term-tier.js';
import type { Revision } from '../revision.js';
import type { InlineRow, Row, TombstoneRow } from '../row.js';
import type { EngineParts } from './engine-parts.js';
import { extendExpiry } from './extend-expiry.js';
import { singleChunk } from './single-chunk.js';
import { verifiedPayload } from './verified-payload.js';

export interface GetRequest {
  readonly id: ObjectId;
  readonly range?: ByteRange | undefined;
  /** Answer only this revision, so that a reader of several ranges reads one object. */
  readonly ifRevision?: Revision | undefined;
  /** Only describe the object when more bytes than this are asked for. */
  readonly payloadBytesMax?: number | undefined;
  readonly signal?: AbortSignal | undefined;
}

export type GetOutcome =
  FoundObject | TooLargeObject | { readonly kind: 'not-found' } | PreconditionFailed;

export interface FoundObject {
  readonly kind: 'found';
  readonly metadata: ObjectMetadata;
  /** Which bytes `payload` carries. */
  readonly span: ByteSpan;
  readonly payload: Payload;
  /**
   * The whole of `payload`, where it is at hand. Then nothing is open, and `payload` need neither be
   * read nor be returned.
   */
  readonly bytes?: Uint8Array | undefined;
}

/** There are more bytes than were asked for. Nothing was opened, and it does not count as a read. */
export interface TooLargeObject {
  readonly kind: 'too-large';
  readonly metadata: ObjectMetadata;
  readonly span: ByteSpan;
}

/**
 * Reads an object.
 *
 * 1. Read the row, with its payload if it is inline. It tells whether more is asked for than wanted.
 * 2. Inline: check the payload against its checksum and answer the bytes asked for.
 * 3. Tombstone: open the blob. If it is not there, the object was replaced meanwhile: read the row
 *    again, a few times. A row that names the same blob before and after it was missing dangles: the
 *    object is lost, which is reported, and not found.
 * 4. A whole blob is checked on its way out; its last chunk leaves only if the checksum is right.
 */
export async function getObject(engine: EngineParts, request: GetRequest): Promise<GetOutcome> {
  if (request.range !== undefined) parseByteRange(request.range);
  let missing: BlobName | undefined;
  for (let reads = 0; reads < tombstoneReadsMax; reads += 1) {
    const row = await engine.highVolume.read(request.id);
    const answered = answerFromRow(engine, request, row);
    if (answered !== undefined) return answered;
    assert(row.kind === 'tombstone', 'only a tombstone leaves something to read');
    if (row.blob === missing) {
      engine.observer.report({ kind: 'dangling-tombstone', id: request.id, blob: missing });
      return { kind: 'not-found' };
    }
    const opened = await openBlob(engine, request, row);
    if (opened !== undefined) return opened;
    missing = row.blob;
  }
  const why = 'the object was replaced faster than it could be opened';
  throw new DomainError({ code: 'TIER_UNAVAILABLE', tier: 'the long-term tier', why });
}

/** What the row alone can answer; `undefined` when it takes the blob. */
function answerFromRow(engine: EngineParts, request: GetRequest, row: Row): GetOutcome | undefined {
  if (row.kind === 'absent') return { kind: 'not-found' };
  if (request.ifRevision !== undefined) {
    const failed = failedCondition({ kind: 'if-revision', revision: request.ifRevision }, row);
    if (failed !== undefined) return failed;
  }
  if (request.payloadBytesMax !== undefined) {
    const span = spanIn(request, row.metadata);
    if (span.length > request.payloadBytesMax) {
      return { kind: 'too-large', metadata: row.metadata, span };
    }
  }
  return row.kind === 'inline' ? openInline(engine, request, row) : undefined;
}

function openInline(engine: EngineParts, request: GetRequest, row: InlineRow): FoundObject {
  const { metadata, payload } = row;
  const sound =
    payload.length === metadata.size && engine.checksum.crc32c(payload, 0) === metadata.crc32c;
  if (!sound) throw damaged(engine, request.id, 'its row does not match its checksum');
  const span = spanIn(request, metadata);
  extendExpiry(engine, request.id, row);
  const whole = span.length === payload.length;
  const bytes = whole ? payload : payload.subarray(span.offset, span.offset + span.length);
  return { kind: 'found', metadata, span, payload: singleChunk(bytes), bytes };
}

async function openBlob(
  engine: EngineParts,
  request: GetRequest,
  row: TombstoneRow,
): Promise<FoundObject | undefined> {
  const { metadata, blob } = row;
  const span = spanIn(request, metadata);
  const part = request.range === undefined ? undefined : span;
  const read = await engine.longTerm.read(blob, part, request.signal);
  if (read.kind === 'absent') return undefined;
  if (read.size !== metadata.size || read.crc32c !== metadata.crc32c) {
    await endUnread(read.payload);
    throw damaged(engine, request.id, 'its blob is not the one that was committed');
  }
  extendExpiry(engine, request.id, row);
  const payload =
    part === undefined
      ? verifiedPayload(read.payload, metadata, engine.checksum, (why) =>
          damaged(engine, request.id, why),
        )
      : read.payload;
  return { kind: 'found', metadata, span, payload };
}

function spanIn(request: GetRequest, metadata: ObjectMetadata): ByteSpan {
  if (request.range === undefined) return { offset: 0, length: metadata.size };
  return spanOf(request.range, metadata.size);
}

function damaged(engine: EngineParts, id: ObjectId, why: string): DomainError {
  const error = new DomainError({ code: 'CHECKSUM_MISMATCH', what: id.path, why });
  engine.observer.report({ kind: 'damaged-object', id, cause: error });
  return error;
}

async function endUnread(payload: Payload): Promise<void> {
  await payload[Symbol.asyncIterator]().return?.();
}
