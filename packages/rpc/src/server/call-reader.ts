import { toRpcError, type RpcError } from '../status/rpc-error.js';
import type { MessageReader } from '../wire/message-stream.js';

const done: IteratorResult<never, undefined> = { done: true, value: undefined };

/**
 * What the caller sends, one message at a time: the transport is asked for a message only while
 * someone waits for it, and holds back its sender meanwhile.
 *
 * The end is no proof of anything: many clients end their side in the regular way when they cancel,
 * and say only then that they did. A contract that must know needs a last message of its own.
 */
export class CallReader<T> implements MessageReader<T> {
  private readonly transport: { startRead(): void };
  private readonly decode: (bytes: Buffer) => T;
  private resolve: ((result: IteratorResult<T, undefined>) => void) | undefined;
  private reject: ((error: RpcError) => void) | undefined;
  private hasEnded = false;
  private failure: RpcError | undefined;

  /** `decode` throws what a message that is none is answered with. */
  constructor(transport: { startRead(): void }, decode: (bytes: Buffer) => T) {
    this.transport = transport;
    this.decode = decode;
  }

  get waiting(): boolean {
    return this.resolve !== undefined;
  }

  next(): Promise<IteratorResult<T, undefined>> {
    if (this.failure !== undefined) return Promise.reject(this.failure);
    if (this.hasEnded) return Promise.resolve(done);
    if (this.waiting) return Promise.reject(new Error('messages are read one at a time'));
    return new Promise((resolve, reject) => {
      this.resolve = resolve;
      this.reject = reject;
      this.transport.startRead();
    });
  }

  [Symbol.asyncIterator](): AsyncIterator<T, undefined> {
    return { next: () => this.next() };
  }

  received(bytes: Buffer): void {
    let value: T;
    try {
      value = this.decode(bytes);
    } catch (error) {
      this.failed(toRpcError(error));
      return;
    }
    this.settle()?.({ done: false, value });
  }

  /** The regular end, or the end of interest in what may still come. */
  ended(): void {
    this.hasEnded = true;
    this.settle()?.(done);
  }

  failed(error: RpcError): void {
    this.failure = error;
    const { reject } = this;
    this.settle();
    reject?.(error);
  }

  private settle(): ((result: IteratorResult<T, undefined>) => void) | undefined {
    const { resolve } = this;
    this.resolve = undefined;
    this.reject = undefined;
    return resolve;
  }
}
