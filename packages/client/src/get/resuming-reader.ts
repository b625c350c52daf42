import { status } from '@grpc/grpc-js';
import type { object } from '@holdfast/contracts';
import type { ByteSpan } from '@holdfast/domain';
import { isRetryable, RpcError, rpcError } from '@holdfast/rpc';
import { restOf, decodeSpan } from '../byte-range.js';
import type { CallTerms } from '../call-terms.js';
import type { ClientCore } from '../client-core.js';
import { brokenContract, dataLoss } from '../errors.js';
import type { ObjectId } from '../object-id.js';
import { openCall, type OpenCall } from './open-call.js';

/** The bytes to fetch: a span of one revision. */
export interface Wanted {
  readonly objectId: ObjectId;
  readonly revision: string;
  readonly span: ByteSpan;
}

/**
 * Reads a span of one revision through as many calls as it takes. A call that breaks is followed by
 * one for the rest, so that whoever reads sees one stream; after `attemptsMax` of them without a
 * single byte it is given up.
 */
export interface ResumingReader {
  /** Opens the first call, so that a failure shows before anything is read. */
  open(): Promise<void>;
  /** The next chunk; nothing once the span is complete. */
  next(): Promise<Uint8Array | undefined>;
  cancel(): void;
}

export function createResumingReader(
  core: ClientCore,
  wanted: Wanted,
  terms: CallTerms,
): ResumingReader {
  const { span } = wanted;
  let call: OpenCall | undefined;
  let received = 0;
  let failures = 0;
  let isCancelled = false;

  const attempt = async <T>(act: () => Promise<T>): Promise<T> => {
    for (;;) {
      try {
        if (isCancelled) throw readerCancelled();
        return await act();
      } catch (error) {
        call = undefined;
        failures += 1;
        if (!isResumable(error) || !(await core.repeats.pause(failures, error, terms))) throw error;
      }
    }
  };
  const open = async (): Promise<OpenCall> => {
    const opened = await openCall(core, requestFor(wanted, received), terms);
    call = opened;
    if (isCancelled) opened.cancel(readerCancelled());
    checkHeader(opened, wanted, received);
    return opened;
  };
  const receive = async (): Promise<Uint8Array | undefined> => {
    // A call that broke after its last byte has left nothing to ask for.
    if (received === span.length && call === undefined) return undefined;
    return (call ?? (await open())).next();
  };
  return {
    async open() {
      if (span.length > 0) await attempt(open);
    },
    async next() {
      const chunk = await attempt(receive);
      received += chunk?.length ?? 0;
      if (chunk === undefined && received < span.length) {
        throw dataLoss(`the payload ended after ${received} of ${span.length} bytes`);
      }
      if (received > span.length) throw brokenContract('more bytes than were asked for');
      if (chunk !== undefined) failures = 0;
      return chunk;
    },
    cancel() {
      isCancelled = true;
      call?.cancel(readerCancelled());
    },
  };
}

function requestFor(
  { objectId, revision, span }: Wanted,
  received: number,
): object.GetObjectRequest {
  return { objectId, range: restOf(span, received), ifRevision: revision };
}

/** What is put together from several answers must be of one piece. */
function checkHeader({ header, cancel }: OpenCall, wanted: Wanted, received: number): void {
  const span = decodeSpan(header.span);
  const isRest =
    span.offset === wanted.span.offset + received && span.length === wanted.span.length - received;
  if (isRest && header.object?.revision === wanted.revision) return;
  const error = brokenContract('other bytes than were asked for');
  cancel(error);
  throw error;
}

/** A reader that took its time stalls the stream, and may go on with another one. */
function isResumable(error: unknown): error is RpcError {
  if (!(error instanceof RpcError)) return false;
  return isRetryable(error) || error.reason === 'STREAM_STALLED';
}

function readerCancelled(): RpcError {
  return rpcError(status.CANCELLED, undefined, 'the download was cancelled');
}
