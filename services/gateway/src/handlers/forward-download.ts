import { object } from '@holdfast/contracts';
import {
  rawMethod,
  reasonError,
  RpcError,
  type CallContext,
  type MessageWriter,
} from '@holdfast/rpc';
import type { Backend } from '../upstream/backend.js';
import { callOptions, repeats } from './caller.js';
import type { GatewayParts } from './gateway-parts.js';
import { createPassage } from './passage.js';

const method = rawMethod(object.ObjectServiceService.getObject);

export type DownloadOutcome =
  | { readonly kind: 'complete' }
  /** The caller has heard nothing: the object is not, or not any more, what was asked for. */
  | { readonly kind: 'replaced'; readonly error: RpcError };

/**
 * Copies a download from a store, message by message: the next one is asked for when the caller has
 * taken the one before. Begins again at another store as long as the caller has heard nothing.
 */
export async function forwardDownload(
  request: Buffer,
  responses: MessageWriter<Buffer>,
  context: CallContext,
  parts: GatewayParts,
): Promise<DownloadOutcome> {
  const { deadline, signal } = context;
  let isFresh = true;
  async function forward(message: Buffer): Promise<void> {
    isFresh = false;
    await responses.write(message);
  }
  try {
    await parts.upstream.read({
      deadline,
      signal,
      callerRepeats: repeats(context),
      at: (backend) => copyFrom(backend, request, forward, context, parts),
      isFresh: () => isFresh,
    });
    return { kind: 'complete' };
  } catch (error) {
    if (isFresh && isReplaced(error)) return { kind: 'replaced', error };
    throw error;
  }
}

async function copyFrom(
  backend: Backend,
  request: Buffer,
  forward: (message: Buffer) => Promise<void>,
  context: CallContext,
  { budget, limits, stallWatch }: GatewayParts,
): Promise<void> {
  const { signal } = context;
  const call = backend.channel.download(method, request, { ...callOptions(context), signal });
  const endStream = backend.beginStream();
  const lease = budget.open();
  const passage = createPassage(lease);
  let isStalled = false;
  const watch = stallWatch.begin(() => {
    isStalled = true;
    call.cancel();
  });
  try {
    for (;;) {
      watch.waiting(limits.stallMsMax);
      const next = await call.next();
      watch.moved();
      if (next.done === true) return;
      await passage.take(next.value.length, signal);
      await forward(next.value);
      passage.written(next.value.length);
    }
  } catch (error) {
    throw isStalled
      ? reasonError('STREAM_STALLED', 'the store did not move on for too long')
      : error;
  } finally {
    // Nothing happens to one that has ended.
    call.cancel();
    watch.end();
    lease.close();
    endStream();
  }
}

function isReplaced(error: unknown): error is RpcError {
  if (!(error instanceof RpcError)) return false;
  return error.reason === 'REVISION_MISMATCH' || error.reason === 'OBJECT_NOT_FOUND';
}
