import { object } from '@holdfast/contracts';
import { encodeUploadFinish, encodeUploadHeader, rawRequests } from '@holdfast/rpc';
import { crc32c } from '@node-rs/crc32';
import type { Dispatch } from '../batch-call.js';
import { createCallGuard } from '../call-guard.js';
import { rpcOptions, type CallTerms } from '../call-terms.js';
import type { ClientCore } from '../client-core.js';
import { brokenContract } from '../errors.js';
import type { PayloadSource } from '../payload/payload.js';
import type { Progress } from './put-options.js';

const method = rawRequests(object.ObjectServiceService.putObject);

export interface Upload {
  readonly header: object.PutObjectHeader;
  readonly source: PayloadSource;
  readonly terms: CallTerms;
  readonly options: { readonly onProgress?: ((progress: Progress) => void) | undefined };
}

/** What a whole payload comes to. */
export interface Content {
  readonly size: number;
  readonly crc32c: number;
}

export interface Stored {
  readonly response: object.PutObjectResponse;
  readonly sent: Content;
}

/**
 * One attempt to upload a payload:
 *
 * 1. send the header, then chunks; the server may refuse at any time, and nothing is stored;
 * 2. send the finish with size and checksum: from here on the outcome is unknown (`dispatch`);
 * 3. wait for the answer.
 */
export async function uploadOnce(
  core: ClientCore,
  upload: Upload,
  dispatch: Dispatch,
): Promise<Stored> {
  const call = core.channel.upload(method, rpcOptions(upload.terms));
  const guard = createCallGuard(upload.terms, core.clock, () => call.cancel());
  call.response.then(() => {
    if (!dispatch.isSent) guard.interrupt(brokenContract('it came before the end of the upload'));
  }, guard.interrupt);
  try {
    const send = (message: Buffer): Promise<void> =>
      guard.wait(call.write(message), core.limits.stallMsMax);
    await send(encodeUploadHeader(upload.header));
    const sent = await sendChunks(upload, send, (chunk) => guard.wait(chunk));
    dispatch.isSent = true;
    await send(encodeUploadFinish({ size: BigInt(sent.size), crc32c: sent.crc32c }));
    return { sent, response: await guard.wait(call.finish(), core.limits.storeMsMax) };
  } catch (error) {
    call.cancel();
    throw error;
  } finally {
    guard.close();
  }
}

async function sendChunks(
  { source, options }: Upload,
  send: (message: Buffer) => Promise<void>,
  wait: <T>(chunk: Promise<T>) => Promise<T>,
): Promise<Content> {
  const chunks = source.chunks();
  const content = { size: 0, crc32c: 0 };
  try {
    for (let next = await wait(chunks.next()); next.done !== true;) {
      const { bytes, message } = next.value;
      content.crc32c = crc32c(bytes, content.crc32c);
      await send(message);
      content.size += bytes.length;
      options.onProgress?.({ bytes: content.size, total: source.size });
      next = await wait(chunks.next());
    }
    return content;
  } finally {
    // Closes a file. A stream that is stuck would never answer.
    chunks.return?.().catch(() => undefined);
  }
}
