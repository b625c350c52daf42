import type { object } from '@holdfast/contracts';
import {
  invalidField,
  parseUploadMessage,
  type CallContext,
  type MessageReader,
  type RpcError,
} from '@holdfast/rpc';
import type { Lease } from '@holdfast/service-kit';
import type { GatewayParts } from './gateway-parts.js';
import { holdBytes } from './hold-bytes.js';

/** The beginning of an upload, or all of it. */
export interface GatheredUpload {
  /** An encoded PutObjectHeader. */
  readonly header: Uint8Array;
  /** Views of the messages. */
  readonly chunks: Uint8Array[];
  /** Of the chunks together. */
  readonly size: number;
  /** What was received so far, but the finish: what the lease holds. */
  readonly messages: Buffer[];
  /** Missing when the upload is too large to be gathered. */
  readonly finish: object.PutObjectFinish | undefined;
}

/**
 * Reads an upload until it is complete or has grown too large for an operation.
 *
 * 1. The header comes first, or the upload is refused.
 * 2. Chunks, each message counted in `lease`, until they are too many or too large together.
 * 3. The finish: nothing may come after it, and its size must be what arrived. From here on the caller
 *    is not needed any more.
 */
export async function gatherUpload(
  requests: MessageReader<Buffer>,
  context: CallContext,
  lease: Lease,
  { budget, limits }: GatewayParts,
): Promise<GatheredUpload> {
  const first = await readMessage(requests);
  const start = parseUploadMessage(first);
  if (start.kind !== 'header') throw outOfOrder('the first message must be a header');
  await holdBytes(first.length, lease, budget, context);
  const messages = [first];
  const chunks: Uint8Array[] = [];
  let size = 0;
  while (size <= limits.gatheredBytesMax && chunks.length <= limits.gatheredChunksMax) {
    const bytes = await readMessage(requests);
    const message = parseUploadMessage(bytes);
    if (message.kind === 'header') throw outOfOrder('there may be only one header');
    if (message.kind === 'finish') {
      await expectEnd(requests);
      checkSize(message.finish, size);
      return { header: start.bytes, chunks, size, messages, finish: message.finish };
    }
    if (message.bytes.length === 0) continue;
    await holdBytes(bytes.length, lease, budget, context);
    messages.push(bytes);
    chunks.push(message.bytes);
    size += message.bytes.length;
  }
  return { header: start.bytes, chunks, size, messages, finish: undefined };
}

/**
 * Resolves once the caller has closed its side, or has gone: after its finish that changes nothing.
 * Refuses what comes after the finish.
 */
export async function expectEnd(requests: MessageReader<Buffer>): Promise<void> {
  const next = await requests.next().catch(() => undefined);
  if (next?.done === false) throw outOfOrder('nothing may come after the finish');
}

export async function readMessage(requests: MessageReader<Buffer>): Promise<Buffer> {
  const next = await requests.next();
  // A caller that vanishes looks the same: its call is over, and nobody hears of it.
  if (next.done === true) throw outOfOrder('the upload ended without a finish');
  return next.value;
}

export function outOfOrder(why: string): RpcError {
  return invalidField('INVALID_STREAM', 'message', why);
}

function checkSize({ size }: object.PutObjectFinish, received: number): void {
  if (size === BigInt(received)) return;
  const why = `${size} declared, ${received} received`;
  throw invalidField('CONTENT_MISMATCH', 'finish.size', why);
}
