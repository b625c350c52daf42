import { status } from '@grpc/grpc-js';
import type { Clock } from '@holdfast/domain';
import type { BatchSink, RpcError } from '@holdfast/rpc';
import { readUnavailable } from '../operations/read-outcome.js';
import type { Backend, Traffic } from './backend.js';
import type { Backends } from './backends.js';
import type { RetryBudget } from './retry-budget.js';
import type { RetryCounts } from './retry-counts.js';
import {
  brokenOffError,
  deadlineExceeded,
  isShuttingDown,
  nobodyWaits,
  storeUnavailable,
  type Effect,
} from './upstream-errors.js';
import type { Waiter, WaitingRoom } from './waiting-room.js';

/** An encoded BatchOperation on its way to a store. */
export interface Operation {
  readonly traffic: Traffic;
  readonly bytes: Uint8Array;
  /** Milliseconds since 1970. */
  readonly deadline: number;
  readonly effect: Effect;
  /** The caller repeats what failed by itself. */
  readonly callerRepeats: boolean;
  /** False once its caller has gone. Shared by all operations of a stream. */
  readonly isWanted: () => boolean;
}

/** Hears of one operation, exactly once and never while it is being handed over. */
export interface OperationSink {
  /** `bytes` is an encoded BatchResult, a view into the message it came in. */
  result(bytes: Uint8Array): void;
  failed(error: RpcError): void;
}

export interface ForwardingLimits {
  /** How long an operation waits for a store to be ready. */
  readonly waitMsMax: number;
  /** How often an operation that certainly did not run goes to another store, or waits for one. */
  readonly movesMax: number;
  /** How often one that may have run is repeated. */
  readonly repeatsMax: number;
}

export interface ForwardingParts {
  readonly clock: Clock;
  readonly backends: Backends;
  readonly waitingRoom: WaitingRoom;
  readonly retryBudget: RetryBudget;
  readonly counts: RetryCounts;
  readonly limits: ForwardingLimits;
}

/**
 * One operation, from store to store until it is answered.
 *
 * 1. Go to a store that is ready; if there is none, wait for one, for a bounded time.
 * 2. It answers: the caller's, unless it says that it shuts down. Then nothing was done: 4.
 * 3. The connection breaks, and the operation had been sent: a read is repeated, once and within the
 *    budget (4). The outcome of a write is unknown. It is never repeated here: its first run may still
 *    take effect, and then what others wrote in between would be overwritten twice by one call.
 * 4. Another store, or wait for one. At most so many times.
 *
 * Until it is sent it goes nowhere once its caller has gone: that one may have repeated it through
 * another gateway, and have written something else since.
 */
export class ForwardedOperation implements BatchSink, Waiter {
  /** Until when it may wait for a store; set with its first wait. */
  waitUntil = 0;
  private moves = 0;
  private repeats = 0;
  private backend: Backend | undefined;
  private readonly parts: ForwardingParts;
  private readonly operation: Operation;
  private readonly sink: OperationSink;

  constructor(parts: ForwardingParts, operation: Operation, sink: OperationSink) {
    this.parts = parts;
    this.operation = operation;
    this.sink = sink;
  }

  start(): void {
    this.parts.retryBudget.earn();
    const backend = this.parts.backends.pick();
    if (backend === undefined) this.wait();
    else this.go(backend);
  }

  go(backend: Backend): void {
    this.backend = backend;
    backend.submit(this.operation.traffic, this.operation, this);
  }

  isWanted(): boolean {
    return this.operation.isWanted();
  }

  giveUp(): void {
    if (!this.isWanted()) return this.sink.failed(nobodyWaits());
    const isLate = this.parts.clock.now() >= this.operation.deadline;
    this.sink.failed(isLate ? deadlineExceeded() : storeUnavailable());
  }

  result(bytes: Uint8Array): void {
    const error = readUnavailable(bytes);
    const wasRefused = error !== undefined && isShuttingDown(error);
    if (!wasRefused || !this.move()) this.sink.result(bytes);
  }

  failed(error: RpcError, sent: boolean): void {
    // What the store says of one operation is a result: this is about the stream, or a deadline.
    if (error.code !== status.UNAVAILABLE) this.sink.failed(error);
    else if (sent) this.brokenOff(error);
    else if (!this.move()) this.sink.failed(storeUnavailable(error));
  }

  private brokenOff(cause: RpcError): void {
    if (this.repeat()) return;
    this.sink.failed(brokenOffError(this.operation.effect, cause));
  }

  /** For an operation that certainly did not run. */
  private move(): boolean {
    const { clock, limits } = this.parts;
    if (!this.isWanted()) return false;
    const hasWaited = this.waitUntil !== 0 && clock.now() >= this.waitUntil;
    if (hasWaited || this.moves >= limits.movesMax) return false;
    this.moves += 1;
    this.parts.counts.moved();
    this.goElsewhere();
    return true;
  }

  /** For an operation that may have run. */
  private repeat(): boolean {
    const { limits, retryBudget, counts } = this.parts;
    const { effect, callerRepeats } = this.operation;
    if (effect === 'write' || callerRepeats || !this.isWanted()) return false;
    if (this.repeats >= limits.repeatsMax || !retryBudget.spend()) return false;
    this.repeats += 1;
    counts.repeated();
    this.goElsewhere();
    return true;
  }

  private goElsewhere(): void {
    const other = this.parts.backends.pick(this.backend);
    // The one that failed may not have noticed yet: it is not asked again at once.
    if (other === undefined || other === this.backend) this.wait();
    else this.go(other);
  }

  private wait(): void {
    const { clock, limits, waitingRoom } = this.parts;
    if (this.waitUntil === 0) {
      this.waitUntil = Math.min(this.operation.deadline, clock.now() + limits.waitMsMax);
    }
    if (!waitingRoom.enter(this)) setImmediate(() => this.giveUp());
  }
}
