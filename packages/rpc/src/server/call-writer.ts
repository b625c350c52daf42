import type { RpcError } from '../status/rpc-error.js';
import type { MessageWriter } from '../wire/message-stream.js';

/** Messages in the transport's hands: one that it sends, and the next one. */
const outstandingMax = 2;

const room = Promise.resolve();

/**
 * What the handler answers. The transport never calls back for messages of a call that is over, so
 * a writer that waits is also woken by `failed`.
 */
export class CallWriter<T> implements MessageWriter<T> {
  private readonly send: (message: T, sent: () => void) => void;
  /** Messages that have left. */
  sentCount = 0;
  private outstanding = 0;
  private resolve: (() => void) | undefined;
  private reject: ((error: RpcError) => void) | undefined;
  private wakeAt = 0;
  private hasEnded = false;
  private failure: RpcError | undefined;

  /** `send` throws what a message that cannot be sent is answered with. */
  constructor(send: (message: T, sent: () => void) => void) {
    this.send = send;
  }

  get waiting(): boolean {
    return this.outstanding > 0;
  }

  write(message: T): Promise<void> {
    if (this.failure !== undefined) return Promise.reject(this.failure);
    if (this.hasEnded) return Promise.reject(new Error('the call is over'));
    if (this.resolve !== undefined || this.outstanding >= outstandingMax) {
      return Promise.reject(new Error('messages are written one at a time'));
    }
    try {
      this.send(message, this.sent);
      this.outstanding += 1;
    } catch (error) {
      return Promise.reject(error);
    }
    return this.waitFor(outstandingMax - 1);
  }

  /** Resolves when the transport holds no message any more. */
  flushed(): Promise<void> {
    return this.failure === undefined ? this.waitFor(0) : Promise.reject(this.failure);
  }

  ended(): void {
    this.hasEnded = true;
  }

  failed(error: RpcError): void {
    this.failure = error;
    const { reject } = this;
    this.resolve = undefined;
    this.reject = undefined;
    reject?.(error);
  }

  private waitFor(outstanding: number): Promise<void> {
    if (this.outstanding <= outstanding) return room;
    return new Promise((resolve, reject) => {
      this.resolve = resolve;
      this.reject = reject;
      this.wakeAt = outstanding;
    });
  }

  private readonly sent = (): void => {
    this.sentCount += 1;
    this.outstanding -= 1;
    if (this.outstanding > this.wakeAt) return;
    const { resolve } = this;
    this.resolve = undefined;
    this.reject = undefined;
    resolve?.();
  };
}
