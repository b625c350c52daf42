import { object } from '@holdfast/contracts';
import { parseDownloadMessage, rawResponses, type DownloadMessage } from '@holdfast/rpc';
import { createCallGuard } from '../call-guard.js';
import { rpcOptions, type CallTerms } from '../call-terms.js';
import type { ClientCore } from '../client-core.js';
import { brokenContract } from '../errors.js';

const method = rawResponses(object.ObjectServiceService.getObject);

/** One GetObject that has begun to answer. */
export interface OpenCall {
  readonly header: object.GetObjectHeader;
  /** The next chunk; nothing once the call ended well. */
  next(): Promise<Uint8Array | undefined>;
  /** Ends the call, also while a chunk is awaited. */
  readonly cancel: (error: unknown) => void;
}

/** Begins a download and waits for its header. */
export async function openCall(
  core: ClientCore,
  request: object.GetObjectRequest,
  terms: CallTerms,
): Promise<OpenCall> {
  const call = core.channel.download(method, request, rpcOptions(terms));
  const guard = createCallGuard(terms, core.clock, () => call.cancel());
  const receive = async (): Promise<DownloadMessage | undefined> => {
    try {
      const next = await guard.wait(call.next(), core.limits.stallMsMax);
      if (next.done !== true) return parseDownloadMessage(next.value);
      guard.close();
      return undefined;
    } catch (error) {
      call.cancel();
      guard.close();
      throw error;
    }
  };
  const first = await receive();
  if (first?.kind !== 'header') {
    call.cancel();
    guard.close();
    throw brokenContract('a download without a header');
  }
  return {
    header: first.header,
    async next() {
      const message = await receive();
      if (message?.kind === 'header') throw brokenContract('a second header');
      return message?.bytes;
    },
    cancel(error) {
      guard.interrupt(error);
      guard.close();
    },
  };
}
