import type { MessageWriter } from '@holdfast/rpc';
import type { EncodedResult } from './encoded-result.js';
import { joinResults, resultBytes } from './join-results.js';
import type { HeldMessage } from './operation.js';

export interface OutgoingResult {
  readonly index: number;
  readonly result: EncodedResult;
  /** What the result is the last to need, if anything. */
  readonly held: HeldMessage | undefined;
}

/** Gathers the results of one turn of the event loop, and sends no faster than they are read. */
export interface ResultSender {
  add(result: OutgoingResult): void;
  /** Bytes of results that wait to be sent. */
  waitingBytes(this: void): number;
  isIdle(): boolean;
}

export interface ResultSenderParts {
  readonly responses: MessageWriter<Buffer>;
  readonly messageBytesMax: number;
  readonly sent: (results: readonly OutgoingResult[]) => void;
  readonly failed: (error: unknown) => void;
  /** Everything has been sent. */
  readonly idle: () => void;
}

export function createResultSender(parts: ResultSenderParts): ResultSender {
  const { responses, messageBytesMax, sent, failed, idle } = parts;
  let waiting: OutgoingResult[] = [];
  let waitingBytes = 0;
  let isSending = false;

  /** As many of the first ones as fit a message. There are some, and one always fits. */
  function take(): readonly OutgoingResult[] {
    if (waitingBytes <= messageBytesMax) {
      const all = waiting;
      waiting = [];
      return all;
    }
    let bytes = 0;
    const end = waiting.findIndex((entry, at) => {
      bytes += resultBytes(entry);
      return at > 0 && bytes > messageBytesMax;
    });
    return waiting.splice(0, end < 0 ? waiting.length : end);
  }

  async function send(): Promise<void> {
    try {
      while (waiting.length > 0) {
        const results = take();
        const message = joinResults(results);
        await responses.write(message);
        waitingBytes -= message.length;
        sent(results);
      }
    } catch (error) {
      failed(error);
    }
    isSending = false;
    idle();
  }

  function sendAll(): void {
    void send();
  }

  return {
    add(entry) {
      waiting.push(entry);
      waitingBytes += resultBytes(entry);
      if (isSending) return;
      isSending = true;
      setImmediate(sendAll);
    },
    waitingBytes: () => waitingBytes,
    isIdle: () => !isSending,
  };
}
