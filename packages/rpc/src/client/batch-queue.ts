import type { PendingOperation } from './batch-operation.js';

/** Operations that wait to be sent, first come first served. */
export interface BatchQueue {
  readonly length: () => number;
  /** Whether there is room for one more with so many bytes. */
  hasRoom(bytes: number): boolean;
  add(operation: PendingOperation): void;
  /** The next ones that go into one message, at least one if any waits. */
  take(operationsMax: number, bytesMax: number): PendingOperation[];
  /** Takes out those whose deadline has come. */
  takeOverdue(now: number): PendingOperation[];
}

/** What an operation needs within a message at most: tag, length and an index. */
const frameBytesMax = 12;

export function createBatchQueue(operationsMax: number, bytesMax: number): BatchQueue {
  let waiting: PendingOperation[] = [];
  let bytes = 0;

  function removed(operations: PendingOperation[]): PendingOperation[] {
    for (const operation of operations) bytes -= operation.bytes.length;
    return operations;
  }

  return {
    length: () => waiting.length,

    hasRoom: (more) => waiting.length < operationsMax && bytes + more <= bytesMax,

    add(operation) {
      waiting.push(operation);
      bytes += operation.bytes.length;
    },

    take(countMax, messageBytesMax) {
      let count = 0;
      let size = 0;
      for (const operation of waiting) {
        size += operation.bytes.length + frameBytesMax;
        if (count === countMax || (count > 0 && size > messageBytesMax)) break;
        count += 1;
      }
      return removed(waiting.splice(0, count));
    },

    takeOverdue(now) {
      const overdue = waiting.filter(({ deadline }) => deadline <= now);
      if (overdue.length > 0) waiting = waiting.filter(({ deadline }) => deadline > now);
      return removed(overdue);
    },
  };
}
