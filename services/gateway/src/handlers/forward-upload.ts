import { status } from '@grpc/grpc-js';
import { object } from '@holdfast/contracts';
import {
  parseUploadMessage,
  rawMethod,
  reasonError,
  rpcError,
  toRpcError,
  type CallContext,
  type ClientUpload,
  type MessageReader,
} from '@holdfast/rpc';
import type { Lease } from '@holdfast/service-kit';
import type { Watch } from '../upstream/stall-watch.js';
import { brokenOffError, callerError } from '../upstream/upstream-errors.js';
import { whyAborted } from '../upstream/upstream.js';
import { callOptions } from './caller.js';
import { expectEnd, outOfOrder, readMessage, type GatheredUpload } from './gather-upload.js';
import type { GatewayParts } from './gateway-parts.js';
import type { HandlerLimits } from './handler-limits.js';
import { createPassage, type Passage } from './passage.js';

const method = rawMethod(object.ObjectServiceService.putObject);

/**
 * Copies an upload to a store, message by message as they come.
 *
 * 1. Choose a store, and begin an upload there.
 * 2. Send what was gathered, then each message once the store has taken the one before. What is taken is
 *    not held any more, however slowly the caller goes on. An upload that ends here, for whatever reason, is cancelled: the store keeps nothing of it.
 * 3. The finish arrives. The upload is complete, and runs to its end with or without its caller.
 * 4. Nothing came after it: send it, and close our side, which is done nowhere else.
 * 5. Answer what the store answers. An answer that comes early ends the upload.
 */
export async function forwardUpload(
  gathered: GatheredUpload,
  requests: MessageReader<Buffer>,
  context: CallContext,
  lease: Lease,
  parts: GatewayParts,
): Promise<Buffer> {
  const { deadline, signal } = context;
  const backend = await parts.upstream.choose({ deadline, signal });
  const endStream = backend.beginStream();
  const call = backend.channel.upload(method, callOptions(context));
  const upload = new ForwardedUpload(call, requests, createPassage(lease), parts.limits);
  const watch = parts.stallWatch.begin(() => upload.stalled());
  const callerLeft = (): void => upload.callerLeft(whyAborted(signal));
  signal.addEventListener('abort', callerLeft, { once: true });
  try {
    return await upload.run(gathered, watch, signal);
  } finally {
    signal.removeEventListener('abort', callerLeft);
    watch.end();
    endStream();
  }
}

class ForwardedUpload {
  /** The finish has arrived. */
  private isComplete = false;
  /** The finish is on its way to the store. */
  private isSent = false;
  /** Why the upload was cancelled here: the store's word for it would be only that it was. */
  private brokenOff: Error | undefined;
  private readonly call: ClientUpload<Buffer, Buffer>;
  private readonly requests: MessageReader<Buffer>;
  private readonly passage: Passage;
  private readonly limits: HandlerLimits;

  constructor(
    call: ClientUpload<Buffer, Buffer>,
    requests: MessageReader<Buffer>,
    passage: Passage,
    limits: HandlerLimits,
  ) {
    this.call = call;
    this.requests = requests;
    this.passage = passage;
    this.limits = limits;
  }

  async run(gathered: GatheredUpload, watch: Watch, signal: AbortSignal): Promise<Buffer> {
    try {
      return await Promise.race([this.copy(gathered, watch, signal), this.earlyAnswer()]);
    } catch (error) {
      throw this.brokenOff ?? callerError(toRpcError(error), 'write', this.isSent);
    } finally {
      if (!this.isSent) this.call.cancel();
    }
  }

  callerLeft(why: Error): void {
    if (!this.isComplete) this.breakOff(why);
  }

  stalled(): void {
    const why = reasonError('STREAM_STALLED', 'the store did not move on for too long');
    this.breakOff(this.isSent ? brokenOffError('write', why) : why);
  }

  private async copy(gathered: GatheredUpload, watch: Watch, signal: AbortSignal): Promise<Buffer> {
    await this.sendGathered(gathered, watch);
    let message = await this.read();
    while (message.kind === 'chunk') {
      await this.passage.take(message.bytes.length, signal);
      await this.send(message.bytes, watch);
      this.passage.written(message.bytes.length);
      message = await this.read();
    }
    await this.expectEnd();
    this.isSent = true;
    await this.send(message.bytes, watch);
    this.passage.written(0);
    watch.waiting(this.limits.commitMsMax);
    return this.call.finish();
  }

  private async sendGathered({ messages, chunks }: GatheredUpload, watch: Watch): Promise<void> {
    // They are views of the messages, and would keep them.
    chunks.length = 0;
    for (let next = messages.shift(); next !== undefined; next = messages.shift()) {
      await this.send(next, watch);
      this.passage.written(next.length);
    }
  }

  private async send(message: Buffer, watch: Watch): Promise<void> {
    watch.waiting(this.limits.stallMsMax);
    await this.call.write(message);
    watch.moved();
  }

  /** The caller's next message, as it is. */
  private async read(): Promise<{ readonly kind: 'chunk' | 'finish'; readonly bytes: Buffer }> {
    try {
      const bytes = await readMessage(this.requests);
      const { kind } = parseUploadMessage(bytes);
      if (kind === 'header') throw outOfOrder('there may be only one header');
      this.isComplete = kind === 'finish';
      return { kind, bytes };
    } catch (error) {
      throw this.breakOff(toRpcError(error));
    }
  }

  private async expectEnd(): Promise<void> {
    await expectEnd(this.requests).catch((error: unknown) => {
      throw this.breakOff(toRpcError(error));
    });
  }

  private async earlyAnswer(): Promise<Buffer> {
    const answer = await this.call.response;
    if (this.isSent) return answer;
    throw rpcError(status.INTERNAL, undefined, 'the store answered before the upload was complete');
  }

  private breakOff(why: Error): Error {
    this.brokenOff ??= why;
    this.call.cancel();
    return why;
  }
}
