import type { Payload, PayloadWriter } from './payload.js';

/** The service persists a chunk that is not the last in multiples of this. */
export const quantumBytes = 256 * 1024;

/** A payload that grows by whole quanta; what is beyond the last of them may be dropped again. */
export interface QuantumWriter {
  /** What is sure to stay. */
  readonly wholeSize: number;
  /** With what may still be dropped. */
  readonly size: number;
  append(bytes: Uint8Array): void;
  /** Another one that goes on from the whole quanta of this one. */
  fork(): QuantumWriter;
  finish(): Payload;
}

export function createQuantumWriter(whole: PayloadWriter): QuantumWriter {
  let tail: Uint8Array[] = [];
  let tailBytes = 0;

  function hold(bytes: Uint8Array): void {
    tail.push(bytes);
    tailBytes += bytes.length;
  }

  function settleTail(): void {
    for (const bytes of tail) whole.append(bytes);
    tail = [];
    tailBytes = 0;
  }

  return {
    get wholeSize() {
      return whole.size;
    },
    get size() {
      return whole.size + tailBytes;
    },
    append(bytes) {
      const size = whole.size + tailBytes + bytes.length;
      const beyond = size % quantumBytes;
      if (size - beyond === whole.size) {
        hold(bytes);
        return;
      }
      hold(bytes.subarray(0, bytes.length - beyond));
      settleTail();
      if (beyond > 0) hold(bytes.subarray(bytes.length - beyond));
    },
    fork: () => createQuantumWriter(whole.fork()),
    finish() {
      settleTail();
      return whole.finish();
    },
  };
}
