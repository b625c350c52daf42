import { Metadata } from '@grpc/grpc-js';
import type { CallContext, MessageReader, MessageWriter } from '@holdfast/rpc';

/** A call as a handler sees it, without a transport. */
export interface FakeCall {
  readonly context: CallContext;
  /** The caller goes away. */
  abort(reason?: Error): void;
}

export function createCall(
  metadata: Readonly<Record<string, string>> = {},
  traceparent?: string,
): FakeCall {
  const caller = new AbortController();
  const sent = new Metadata();
  for (const [key, value] of Object.entries(metadata)) sent.set(key, value);
  return {
    context: {
      method: 'holdfast.object.v1.ObjectService/Test',
      requestId: 'test-call',
      traceparent,
      metadata: sent,
      peer: '127.0.0.1:1',
      deadline: Infinity,
      signal: caller.signal,
    },
    abort: (reason = new Error('the caller is gone')) => caller.abort(reason),
  };
}

/** What a caller sends, and how much of it was read. */
export interface FakeRequests {
  readonly reader: MessageReader<Buffer>;
  send(...messages: Buffer[]): void;
  end(): void;
  fail(error: Error): void;
  /** Messages that were taken. */
  taken(): number;
  /** Somebody waits for a message that has not been sent. */
  isAwaited(): boolean;
}

type Next = IteratorResult<Buffer, undefined>;

export function createRequests(...first: Buffer[]): FakeRequests {
  const sent: (() => Promise<Next>)[] = [];
  let waiting: ((next: Promise<Next>) => void) | undefined;
  let taken = 0;

  function add(make: () => Promise<Next>): void {
    sent.push(make);
    waiting?.(next());
  }

  function next(): Promise<Next> {
    waiting = undefined;
    const [ready] = sent;
    if (ready === undefined) {
      return new Promise((resolve) => {
        waiting = resolve;
      });
    }
    return ready();
  }

  function message(value: Buffer): () => Promise<Next> {
    return () => {
      sent.shift();
      taken += 1;
      return Promise.resolve({ done: false, value });
    };
  }

  for (const value of first) sent.push(message(value));
  return {
    reader: { next, [Symbol.asyncIterator]: () => ({ next }) },
    send: (...messages) => {
      for (const value of messages) add(message(value));
    },
    // An end stays: to ask again is to hear the same.
    end: () => add(() => Promise.resolve({ done: true, value: undefined })),
    fail: (error) =>
      add(async () => {
        throw error;
      }),
    taken: () => taken,
    isAwaited: () => waiting !== undefined,
  };
}

/** What a caller gets, as fast as it likes to read. */
export interface FakeResponses {
  readonly writer: MessageWriter<Buffer>;
  readonly messages: readonly Buffer[];
  /** Writes wait until `resume`. */
  pause(): void;
  resume(): void;
  /** The call is over. */
  fail(error: Error): void;
}

export function createResponses(): FakeResponses {
  const messages: Buffer[] = [];
  let resumed = Promise.resolve();
  let resume: () => void = () => undefined;
  let failure: Error | undefined;

  function throwIfOver(): void {
    if (failure !== undefined) throw failure;
  }

  return {
    writer: {
      async write(message) {
        throwIfOver();
        messages.push(message);
        await resumed;
        throwIfOver();
      },
    },
    messages,
    pause() {
      resumed = new Promise((resolve) => {
        resume = resolve;
      });
    },
    resume: () => resume(),
    fail(error) {
      failure = error;
      resume();
    },
  };
}

/** Waits for what comes about by itself, turn by turn of the event loop. */
export async function until(isSo: () => boolean): Promise<void> {
  while (!isSo()) await new Promise((resolve) => setImmediate(resolve));
}
