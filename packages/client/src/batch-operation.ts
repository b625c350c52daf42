import { object } from '@holdfast/contracts';
import { varintSize, writeVarint } from '@holdfast/rpc';
import { durationOf } from './object-info.js';

type SmallRequest = Exclude<NonNullable<object.BatchOperation['operation']>, { $case: 'put' }>;

/** Encodes operations as the batch session sends them, which numbers them. */
export interface OperationEncoder {
  request(operation: SmallRequest, timeoutMs: number): Uint8Array;
  /**
   * A put with its payload, which is copied once: generated code would copy it once for every
   * message around it. The order of fields is free, so the payload comes last.
   */
  put(
    header: object.PutObjectHeader,
    payload: Uint8Array,
    crc32c: number,
    timeoutMs: number,
  ): Uint8Array;
}

type Writer = ReturnType<typeof object.BatchOperation.encode>;

const noBytes = new Uint8Array(0);
/** Field 2, length-delimited: the put of an operation, and the payload of that. */
const fieldTwo = 0x12;

/** All of them are written into the same memory, one after the other, and copied out of it. */
export function createOperationEncoder(): OperationEncoder {
  let memory: Writer | undefined;

  function encoded(write: (memory: Writer | undefined) => Writer): Uint8Array {
    const writer = memory;
    // What is left of a message that cannot be written must not become part of the next.
    memory = undefined;
    const written = write(writer);
    const bytes = written.finish();
    memory = written;
    return bytes;
  }

  return {
    request: (operation, timeoutMs) =>
      encoded((writer) => {
        const timeout = durationOf(timeoutMs);
        return object.BatchOperation.encode({ index: 0, operation, timeout }, writer);
      }),

    put(header, payload, crc32c, timeoutMs) {
      const timeout = durationOf(timeoutMs);
      const around = encoded((writer) =>
        object.BatchOperation.encode({ index: 0, operation: undefined, timeout }, writer),
      );
      const put = encoded((writer) =>
        object.BatchPut.encode({ header, payload: noBytes, crc32c }, writer),
      );
      const putLength = put.length + 1 + varintSize(payload.length) + payload.length;
      const length = around.length + 1 + varintSize(putLength) + putLength;
      const target = Buffer.allocUnsafe(length);
      target.set(around);
      let at = writeLength(target, around.length, putLength);
      target.set(put, at);
      at = writeLength(target, at + put.length, payload.length);
      target.set(payload, at);
      return target;
    },
  };
}

function writeLength(target: Uint8Array, at: number, length: number): number {
  target[at] = fieldTwo;
  return writeVarint(target, at + 1, length);
}
