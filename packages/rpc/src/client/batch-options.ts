import type { RpcError } from '../status/rpc-error.js';

/** An operation to run: an encoded BatchOperation. */
export interface BatchSubmission {
  /** Any index in it is overridden. They are read until the operation was sent. */
  readonly bytes: Uint8Array;
  /** Milliseconds since 1970. */
  readonly deadline: number;
}

/** Hears of one operation, exactly once and never within `submit`. It must not throw. */
export interface BatchSink {
  /** `bytes` is an encoded BatchResult, a view into the message it came in. */
  result(bytes: Uint8Array): void;
  /** `sent` false: the operation certainly never left this process, it is safe to repeat. */
  failed(error: RpcError, sent: boolean): void;
  /**
   * Asked right before the operation would be sent. One that nobody waits for any more is not: its
   * caller may have repeated it elsewhere by now, and written something else since.
   */
  isWanted?(): boolean;
}

export interface BatchSessionOptions {
  /** Sent with every stream. */
  readonly metadata: Readonly<Record<string, string>> | undefined;
  /** Operations on one stream whose results are still to come. */
  readonly outstandingMax: number;
  /** Of one operation. */
  readonly operationBytesMax: number;
  /**
   * Operations in one message. Few enough that all processes on the way have something to do at the
   * same time, and not one after the other; many enough that messages cost little.
   */
  readonly operationsMax: number;
  /** Bytes of operations in one message; one that is larger goes alone. */
  readonly messageBytesMax: number;
  /** Operations that wait to be sent; beyond it they are refused. */
  readonly queueMax: number;
  /** Bytes of operations that wait to be sent; beyond it they are refused. */
  readonly queueBytesMax: number;
  /** A stream is followed by a new one after this long, before the server's connections age. */
  readonly streamAgeMsMax: number;
  /** How long after its deadline the server's own answer to an operation is waited for. */
  readonly slackMs: number;
  /** How long operations wait, within their deadlines, while no stream can be opened. */
  readonly openMsMax: number;
  /** How long a stream may owe a result that nobody waits for any more, before it is given up. */
  readonly owedMsMax: number;
  /** For a stream that was followed by a new one to bring in its last results. */
  readonly retireMsMax: number;
}

const mebibyte = 1_024 * 1_024;
const second = 1_000;

export const batchSessionDefaults: BatchSessionOptions = {
  metadata: undefined,
  outstandingMax: 1_000,
  operationBytesMax: Math.floor(1.9 * mebibyte),
  operationsMax: 32,
  messageBytesMax: 128 * 1_024,
  queueMax: 10_000,
  queueBytesMax: 64 * mebibyte,
  streamAgeMsMax: 20 * 60 * second,
  slackMs: 100,
  openMsMax: 30 * second,
  owedMsMax: 30 * second,
  retireMsMax: 60 * second,
};
