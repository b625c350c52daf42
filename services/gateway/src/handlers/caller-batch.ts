import {
  createIndexTable,
  invalidField,
  splitBatchRequest,
  type CallContext,
  type MessageReader,
  type MessageWriter,
  type RawOperation,
} from '@holdfast/rpc';
import { parseTraceparent, type Lease } from '@holdfast/service-kit';
import { withStreamTraceparent } from '../operations/encode-operation.js';
import { deadlineExceeded } from '../upstream/upstream-errors.js';
import { whyAborted } from '../upstream/upstream.js';
import { BatchedOperation, type Room } from './batched-operation.js';
import { Bell } from './bell.js';
import { repeats } from './caller.js';
import type { GatewayParts } from './gateway-parts.js';
import { hasRoom } from './hold-bytes.js';
import { ResultWriter } from './result-writer.js';

/**
 * One caller's batch stream.
 *
 * A message's numbers are claimed when it is read. Then each of its operations waits for a place among
 * the stream's outstanding ones and within the room the stream may take, then for that room among all
 * streams, for its bytes and its result, and is handed on. It keeps its place until its result goes
 * out; and its room, once it is answered as much of it as the result has, until that is taken: a caller
 * that does not read its results is not read from either.
 *
 * When the caller leaves, what was not sent to a store is not sent any more. What was runs on there,
 * and the last one that ends gives back what the stream held.
 */
export class CallerBatch {
  /** Numbers whose results are still to come. */
  private readonly claimed = createIndexTable<true>();
  private outstanding = 0;
  /** Operations that have room, and how much they have together. */
  private roomHolders = 0;
  private roomBytes = 0;
  private isReading = true;
  private isClosed = false;
  private failure: { readonly error: unknown } | undefined;
  private stopReading: (() => void) | undefined;
  private readonly placeFree = new Bell();
  private readonly mayEnd = new Bell();
  private readonly results: ResultWriter;
  private readonly lease: Lease;
  private readonly callerRepeats: boolean;
  private readonly requests: MessageReader<Buffer>;
  private readonly context: CallContext;
  private readonly parts: GatewayParts;

  constructor(
    requests: MessageReader<Buffer>,
    responses: MessageWriter<Buffer>,
    context: CallContext,
    parts: GatewayParts,
  ) {
    this.requests = requests;
    this.context = context;
    this.parts = parts;
    this.lease = parts.budget.open();
    this.callerRepeats = repeats(context);
    this.results = new ResultWriter(responses, parts.limits.batchMessageBytesMax, {
      sending: (operations) => this.giveUpPlaces(operations),
      sent: (operations) => this.giveUpRoom(operations),
      idle: () => this.mayEnd.ring(),
      dropped: (operations) => this.giveUpRoom(operations),
      failed: (error) => this.fail(error),
    });
  }

  /** Resolves when no more is read and the caller has all its results. */
  async run(): Promise<void> {
    await this.readAll().catch((error: unknown) => this.fail(error));
    while (this.failure === undefined && !(this.outstanding === 0 && this.results.isIdle)) {
      await this.mayEnd.wait();
    }
    if (this.failure !== undefined) throw this.failure.error;
  }

  /** What was read is answered. */
  readNoMore(): void {
    this.isReading = false;
    this.stopReading?.();
  }

  callerLeft(): void {
    this.fail(whyAborted(this.context.signal));
  }

  close(): void {
    this.isClosed = true;
    this.results.close();
    this.closeLeaseIfIdle();
  }

  private fail(error: unknown): void {
    this.failure ??= { error };
    this.readNoMore();
    this.placeFree.ring();
    this.mayEnd.ring();
  }

  private async readAll(): Promise<void> {
    const { budget, clock } = this.parts;
    for (let message = await this.read(); message !== undefined; message = await this.read()) {
      const arrivedAt = clock.now();
      const operations = splitBatchRequest(message);
      this.claim(operations);
      for (const operation of operations) {
        const bytes = this.bytesFor(operation);
        while (!this.hasPlace(bytes) && this.failure === undefined) await this.placeFree.wait();
        if (this.failure !== undefined) return;
        const isFree = hasRoom(bytes, budget);
        const room = isFree ? this.takeRoom(bytes) : await this.waitForRoom(bytes);
        this.forward(operation, room, this.deadlineOf(operation, arrivedAt));
      }
    }
  }

  /** The caller's next message; nothing when there is none, or none is to be read any more. */
  private read(): Promise<Buffer | undefined> {
    if (!this.isReading) return Promise.resolve(undefined);
    return new Promise((resolve, reject) => {
      this.stopReading = () => resolve(undefined);
      this.requests.next().then(({ value }) => resolve(value), reject);
    });
  }

  private claim(operations: readonly RawOperation[]): void {
    for (const { index } of operations) {
      if (this.claimed.get(index) !== undefined) {
        const why = `${index} is the number of another operation that is not answered yet`;
        throw invalidField('INVALID_BATCH', 'operations.index', why);
      }
      this.claimed.set(index, true);
    }
  }

  private hasPlace(bytes: number): boolean {
    const { batchOutstandingMax, batchRoomBytesMax } = this.parts.limits;
    if (this.outstanding >= batchOutstandingMax) return false;
    return this.roomBytes === 0 || this.roomBytes + bytes <= batchRoomBytesMax;
  }

  private takeRoom(bytes: number): Room {
    void this.lease.grow(bytes);
    return { bytes, own: undefined };
  }

  /**
   * Asks with a lease of its own. The stream's gives back what it holds whether anybody waits or not: if
   * it asked itself, it would be taken for one that holds up all others.
   */
  private async waitForRoom(bytes: number): Promise<Room> {
    const own = this.parts.budget.open();
    try {
      await own.grow(bytes, this.context.signal);
      return { bytes, own };
    } catch (error) {
      own.close();
      throw error;
    }
  }

  private bytesFor({ bytes, kind }: RawOperation): number {
    const { getResultBytes, resultBytes } = this.parts.limits;
    return bytes.length + (kind === 'get' ? getResultBytes : resultBytes);
  }

  /** Its time runs from its arrival, so that what it waits here counts. */
  private deadlineOf({ timeoutMs }: RawOperation, arrivedAt: number): number {
    const { operationMsMax } = this.parts.limits;
    return Math.min(this.context.deadline, arrivedAt + (timeoutMs ?? operationMsMax));
  }

  private forward(operation: RawOperation, room: Room, deadline: number): void {
    const { clock, operationCounts, upstream } = this.parts;
    const { index, kind } = operation;
    const { callerRepeats, isWanted } = this;
    const sink = new BatchedOperation(index, room, this.answered);
    this.outstanding += 1;
    this.roomHolders += 1;
    this.roomBytes += room.bytes;
    operationCounts[kind ?? 'unknown'].add();
    if (clock.now() >= deadline) return sink.failed(deadlineExceeded());
    const effect = kind === 'get' || kind === 'head' ? 'read' : 'write';
    const bytes = this.traced(operation);
    const forwarded = {
      traffic: 'bulk',
      bytes,
      deadline,
      effect,
      callerRepeats,
      isWanted,
    } as const;
    upstream.submit(forwarded, sink);
  }

  /** The operation with the traceparent that holds for it. */
  private traced({ bytes, traceparent }: RawOperation): Uint8Array {
    const ofStream = this.context.traceparent;
    if (ofStream === undefined || parseTraceparent(traceparent) !== undefined) return bytes;
    return withStreamTraceparent(bytes, ofStream);
  }

  private readonly isWanted = (): boolean => this.failure === undefined && !this.isClosed;

  private readonly answered = (operation: BatchedOperation): void => {
    this.gaveUp(operation.shrinkRoom(), operation);
    this.placeFree.ring();
    this.results.add(operation);
  };

  private giveUpPlaces(operations: readonly BatchedOperation[]): void {
    for (const { index } of operations) this.claimed.delete(index);
    this.outstanding -= operations.length;
    this.placeFree.ring();
  }

  private giveUpRoom(operations: readonly BatchedOperation[]): void {
    for (const operation of operations) this.gaveUp(operation.giveUpRoom(), operation);
    this.roomHolders -= operations.length;
    this.placeFree.ring();
    this.closeLeaseIfIdle();
  }

  private gaveUp(bytes: number, { sharesRoom }: BatchedOperation): void {
    this.roomBytes -= bytes;
    if (sharesRoom) this.lease.shrink(bytes);
  }

  /** What still runs at a store has its room until it has ended. */
  private closeLeaseIfIdle(): void {
    if (this.isClosed && this.roomHolders === 0) this.lease.close();
  }
}
