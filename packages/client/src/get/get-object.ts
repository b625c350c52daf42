import { status } from '@grpc/grpc-js';
import type { object } from '@holdfast/contracts';
import type { ByteSpan } from '@holdfast/domain';
import { RpcError } from '@holdfast/rpc';
import { callBatch } from '../batch-call.js';
import { decodeSpan, encodeRange, type ByteRange } from '../byte-range.js';
import { termsOf, type CallOptions, type CallTerms } from '../call-terms.js';
import type { ClientCore } from '../client-core.js';
import { brokenContract } from '../errors.js';
import { replacedReadsMax } from '../limits.js';
import { toObjectId, type ObjectId, type ObjectIdInput } from '../object-id.js';
import { decodeObjectInfo, type ObjectInfo } from '../object-info.js';
import type { Progress } from '../put/put-options.js';
import { createDownload, type Download } from './download.js';
import { createResumingReader, type ResumingReader } from './resuming-reader.js';
import { createSmallDownload } from './small-download.js';

export interface GetOptions extends CallOptions {
  /** The bytes wanted. Missing: all of them. */
  readonly range?: ByteRange | undefined;
  /** Answer only with this revision; `REVISION_MISMATCH` otherwise. */
  readonly ifRevision?: string | undefined;
  /** Called after each chunk that arrives. */
  readonly onProgress?: ((progress: Progress) => void) | undefined;
}

/**
 * Reads an object:
 *
 * 1. ask for it within a batch, which answers with the payload where that has at most 1 MiB;
 * 2. otherwise open a stream for the revision described there;
 * 3. begin again where the object was replaced between the two, three times at most.
 */
export async function getObject(
  core: ClientCore,
  input: ObjectIdInput,
  options: GetOptions,
): Promise<Download> {
  const read = startRead(core, input, options);
  for (let reads = 1; ; reads += 1) {
    const found = await findObject(read);
    if (found.payload !== undefined) return atHand(found, found.payload, options);
    const reader = readerOf(read, found);
    try {
      await reader.open();
      return createDownload(found.info, found.span, reader, options.onProgress);
    } catch (error) {
      const isFinal = options.ifRevision !== undefined || reads >= replacedReadsMax;
      if (isFinal || !wasReplaced(error)) throw error;
    }
  }
}

/**
 * The same, but a payload that is streamed is not asked for before it is read. From then on it is
 * `payloadSignal` that ends it.
 */
export async function getObjectLazily(
  core: ClientCore,
  input: ObjectIdInput,
  options: GetOptions,
  payloadSignal: AbortSignal | undefined,
): Promise<Download> {
  const streamTerms = termsOf({ ...options, signal: payloadSignal }, Infinity, core.clock);
  const read = { ...startRead(core, input, options), streamTerms };
  const found = await findObject(read);
  if (found.payload !== undefined) return atHand(found, found.payload, options);
  return createDownload(found.info, found.span, readerOf(read, found), options.onProgress);
}

interface Read {
  readonly core: ClientCore;
  readonly request: object.GetObjectRequest & { readonly objectId: ObjectId };
  /** Of the first step, which is no stream. */
  readonly terms: CallTerms;
  readonly streamTerms: CallTerms;
}

function startRead(core: ClientCore, input: ObjectIdInput, options: GetOptions): Read {
  const range = options.range === undefined ? undefined : encodeRange(options.range);
  return {
    core,
    request: { objectId: toObjectId(input), range, ifRevision: options.ifRevision },
    terms: termsOf(options, core.deadlineMs, core.clock),
    streamTerms: termsOf(options, Infinity, core.clock),
  };
}

interface Found {
  readonly info: ObjectInfo;
  readonly span: ByteSpan;
  readonly payload: Uint8Array | undefined;
}

async function findObject({ core, request, terms }: Read): Promise<Found> {
  const encode = (timeoutMs: number): Uint8Array =>
    core.encoder.request({ $case: 'get', value: request }, timeoutMs);
  const result = await core.repeats.run(() => callBatch(core, 'get', encode, terms), terms);
  const found = {
    info: decodeObjectInfo(result.object),
    span: decodeSpan(result.span),
    payload: result.payload,
  };
  if (found.payload !== undefined && found.payload.length !== found.span.length) {
    throw brokenContract('the payload is not as long as it says');
  }
  return found;
}

function atHand({ info, span }: Found, payload: Uint8Array, options: GetOptions): Download {
  return createSmallDownload(info, span, payload, options.onProgress);
}

function readerOf({ core, request, streamTerms }: Read, { info, span }: Found): ResumingReader {
  const wanted = { objectId: request.objectId, revision: info.revision, span };
  return createResumingReader(core, wanted, streamTerms);
}

function wasReplaced(error: unknown): boolean {
  if (!(error instanceof RpcError)) return false;
  return error.code === status.NOT_FOUND || error.reason === 'REVISION_MISMATCH';
}
