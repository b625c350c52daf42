import type { object } from '@holdfast/contracts';
import type { ExpectedContent, Payload } from '@holdfast/domain';
import { invalidField, parseUploadMessage, type MessageReader } from '@holdfast/rpc';
import type { Lease } from '@holdfast/service-kit';

/** What follows the header of an upload, as the engine takes it. */
export interface UploadPayload {
  /** Ends only with a finish; whatever else ends the upload is thrown, so that nothing is stored. */
  readonly payload: Payload;
  /** What the finish declares. */
  expected(this: void): ExpectedContent;
  /** Aborts when the caller goes away before the finish. After it, the caller is not needed. */
  readonly signal: AbortSignal;
  close(): void;
}

export interface UploadParts {
  readonly requests: MessageReader<Buffer>;
  /** Holds what is gathered to find out whether it fits a row; after that, one chunk. */
  readonly lease: Lease;
  readonly signal: AbortSignal;
  readonly inlineThresholdBytes: number;
}

/** A chunk that pins so many times its size is copied: small ones share a buffer of the connection. */
const pinnedShareMax = 4;

export function openUploadPayload(parts: UploadParts): UploadPayload {
  const { requests, lease, signal, inlineThresholdBytes } = parts;
  const caller = new AbortController();
  const onAbort = (): void => caller.abort(signal.reason);
  const close = (): void => signal.removeEventListener('abort', onAbort);
  let finish: object.PutObjectFinish | undefined;
  let isOver = false;
  let size = 0;
  let held = 0;

  if (signal.aborted) onAbort();
  else signal.addEventListener('abort', onAbort);

  async function nextChunk(): Promise<Uint8Array | undefined> {
    for (
      let message = await requests.next();
      message.done !== true;
      message = await requests.next()
    ) {
      const parsed = parseUploadMessage(message.value);
      if (parsed.kind === 'header') throw outOfOrder('a header is the first message only');
      if (parsed.kind === 'finish') {
        finish = parsed.finish;
        close();
        await expectEnd(requests);
        return undefined;
      }
      if (parsed.bytes.length > 0) return unpinned(parsed.bytes);
    }
    throw outOfOrder('the upload ended without a finish');
  }

  async function hold(bytes: number): Promise<void> {
    await lease.grow(bytes, signal);
    held += bytes;
    size += bytes;
  }

  const iterator: AsyncIterator<Uint8Array> = {
    async next() {
      if (size > inlineThresholdBytes && held > 0) {
        lease.shrink(held);
        held = 0;
      }
      const chunk = isOver ? undefined : await nextChunk();
      isOver ||= chunk === undefined;
      // It may have been returned meanwhile.
      if (chunk === undefined || isOver) return { done: true, value: undefined };
      await hold(chunk.length);
      return { done: false, value: chunk };
    },
    async return() {
      isOver = true;
      return { done: true, value: undefined };
    },
  };

  return {
    payload: { [Symbol.asyncIterator]: () => iterator },
    expected: () => ({ size: finish && Number(finish.size), crc32c: finish?.crc32c }),
    signal: caller.signal,
    close,
  };
}

/** The finish makes the upload complete, whatever becomes of its sender; only more messages do not. */
async function expectEnd(requests: MessageReader<Buffer>): Promise<void> {
  const isEnd = await requests.next().then(
    ({ done }) => done === true,
    () => true,
  );
  if (!isEnd) throw outOfOrder('nothing may follow the finish');
}

function unpinned(chunk: Uint8Array): Uint8Array {
  const pins = chunk.buffer.byteLength;
  return pins > chunk.length * pinnedShareMax ? new Uint8Array(chunk) : chunk;
}

function outOfOrder(why: string): Error {
  return invalidField('INVALID_STREAM', 'message', why);
}
