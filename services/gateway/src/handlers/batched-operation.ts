import { statusBytes, type BatchEntry, type RpcError } from '@holdfast/rpc';
import type { Lease } from '@holdfast/service-kit';
import { encodeErrorResult } from '../operations/encode-operation.js';
import type { OperationSink } from '../upstream/forwarded-operation.js';

/** What an operation takes of the bytes that may be held. */
export interface Room {
  bytes: number;
  /** For one that had to wait for it. Missing: it is part of what its stream holds. */
  readonly own: Lease | undefined;
}

const none = new Uint8Array();

/** Where an operation of a caller's batch waits for its result, and then that result. */
export class BatchedOperation implements OperationSink, BatchEntry {
  /** The caller's number for it. */
  readonly index: number;
  /** An encoded BatchResult, once it is there. */
  bytes: Uint8Array = none;
  private readonly room: Room;
  private readonly answered: (operation: BatchedOperation) => void;

  /** `answered` is shared by all operations of a stream. */
  constructor(index: number, room: Room, answered: (operation: BatchedOperation) => void) {
    this.index = index;
    this.room = room;
    this.answered = answered;
  }

  /** Whether its room is part of what its stream holds. */
  get sharesRoom(): boolean {
    return this.room.own === undefined;
  }

  /** Keeps room for its result only. Answers how many bytes were given up. */
  shrinkRoom(): number {
    return this.giveUp(Math.max(0, this.room.bytes - this.bytes.length));
  }

  /** Answers how many bytes were given up. */
  giveUpRoom(): number {
    const bytes = this.giveUp(this.room.bytes);
    this.room.own?.close();
    return bytes;
  }

  result(bytes: Uint8Array): void {
    this.bytes = bytes;
    this.answered(this);
  }

  failed(error: RpcError): void {
    this.result(encodeErrorResult(statusBytes(error)));
  }

  private giveUp(bytes: number): number {
    this.room.bytes -= bytes;
    this.room.own?.shrink(bytes);
    return bytes;
  }
}
