import { entryBytes, joinBatch, type MessageWriter } from '@holdfast/rpc';
import type { BatchedOperation } from './batched-operation.js';

export interface ResultWriterListener {
  /** Results go out now: their numbers may come again. */
  sending(operations: readonly BatchedOperation[]): void;
  /** The caller has room for more. */
  sent(operations: readonly BatchedOperation[]): void;
  /** All that was answered is sent. */
  idle(): void;
  /** Nobody will have these. */
  dropped(operations: readonly BatchedOperation[]): void;
  failed(error: unknown): void;
}

/**
 * Writes results in the order in which they come. Those of one turn of the event loop go into one
 * message, and so do those that come while the caller has no room.
 */
export class ResultWriter {
  private answered: BatchedOperation[] = [];
  private isWriting = false;
  private isClosed = false;
  private readonly responses: MessageWriter<Buffer>;
  private readonly bytesMax: number;
  private readonly listener: ResultWriterListener;

  constructor(responses: MessageWriter<Buffer>, bytesMax: number, listener: ResultWriterListener) {
    this.responses = responses;
    this.bytesMax = bytesMax;
    this.listener = listener;
  }

  get isIdle(): boolean {
    return !this.isWriting;
  }

  add(operation: BatchedOperation): void {
    if (this.isClosed) {
      this.listener.dropped([operation]);
      return;
    }
    this.answered.push(operation);
    if (this.isWriting) return;
    this.isWriting = true;
    setImmediate(this.begin);
  }

  close(): void {
    this.isClosed = true;
    this.listener.dropped(this.answered);
    this.answered = [];
  }

  private readonly begin = (): void => {
    void this.writeAll();
  };

  private async writeAll(): Promise<void> {
    while (this.answered.length > 0) {
      if (!(await this.writeMessage(this.takeMessage()))) return;
    }
    this.isWriting = false;
    this.listener.idle();
  }

  private async writeMessage(operations: readonly BatchedOperation[]): Promise<boolean> {
    this.listener.sending(operations);
    try {
      await this.responses.write(joinBatch(operations));
      this.listener.sent(operations);
      return true;
    } catch (error) {
      this.listener.dropped(operations);
      this.close();
      this.listener.failed(error);
      return false;
    }
  }

  private takeMessage(): BatchedOperation[] {
    let bytes = 0;
    let count = 0;
    for (const operation of this.answered) {
      bytes += entryBytes(operation);
      if (count > 0 && bytes > this.bytesMax) break;
      count += 1;
    }
    return this.answered.splice(0, count);
  }
}
