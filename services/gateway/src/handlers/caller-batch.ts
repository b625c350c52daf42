import {
  createIndexTable,
  reasonError,
  splitBatchRequest,
  type CallContext,
  type MessageReader,
  type MessageWriter,
  type RawOperation,
} from '@holdfast/rpc';
import type { Lease } from '@holdfast/service-kit';
import { withStreamTraceparent } from '../operations/encode-operation.js';
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
 * the stream's outstanding ones, and for room for its bytes and its result, and is handed on. It keeps
 * its place until its result goes out, and its room until that is taken: a caller that does not read
 * its results is not read from either.
 */
export class CallerBatch {
  /** Numbers whose results are still to come. */
  private readonly claimed = createIndexTable<true>();
  private outstanding = 0;
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
    this.lease.close();
  }

  private fail(error: unknown): void {
    this.failure ??= { error };
    this.readNoMore();
    this.placeFree.ring();
    this.mayEnd.ring();
  }

  private async readAll(): Promise<void> {
    const { limits, budget } = this.parts;
    for (let message = await this.read(); message !== undefined; message = await this.read()) {
      const operations = splitBatchRequest(message);
      this.claim(operations);
      for (const operation of operations) {
        while (this.outstanding >= limits.batchOutstandingMax && this.failure === undefined) {
          await this.placeFree.wait();
        }
        if (this.failure !== undefined) return;
        const bytes = this.bytesFor(operation);
        const isFree = hasRoom(bytes, budget);
        this.forward(operation, isFree ? this.takeRoom(bytes) : await this.waitForRoom(bytes));
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
        throw reasonError('INVALID_BATCH', `the number ${index} is given twice`);
      }
      this.claimed.set(index, true);
    }
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

  private forward({ bytes, index, kind, timeoutMs }: RawOperation, room: Room): void {
    const { clock, limits, upstream } = this.parts;
    const { deadline, traceparent } = this.context;
    this.outstanding += 1;
    upstream.submit(
      {
        traffic: 'bulk',
        bytes: traceparent === undefined ? bytes : withStreamTraceparent(bytes, traceparent),
        deadline: Math.min(deadline, clock.now() + (timeoutMs ?? limits.operationMsMax)),
        effect: kind === 'get' || kind === 'head' ? 'read' : 'write',
        callerRepeats: this.callerRepeats,
      },
      new BatchedOperation(index, room, this.answered),
    );
  }

  private readonly answered = (operation: BatchedOperation): void => {
    this.results.add(operation);
  };

  private giveUpPlaces(operations: readonly BatchedOperation[]): void {
    for (const { index } of operations) this.claimed.delete(index);
    this.outstanding -= operations.length;
    this.placeFree.ring();
  }

  private giveUpRoom(operations: readonly BatchedOperation[]): void {
    let bytes = 0;
    for (const operation of operations) bytes += operation.giveUpRoom();
    if (!this.isClosed) this.lease.shrink(bytes);
  }
}
