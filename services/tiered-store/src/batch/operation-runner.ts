/**
 * Runs the operations of one stream.
 *
 * 1. They wait in line. The first one starts when fewer than the most are running, when the payloads
 *    that wait to be sent leave room for its own, and when there is a permit.
 * 2. Only that one asks for a permit, so that no stream fills the line for permits. When it is refused,
 *    for having waited too long or because that line is full, those behind it that have waited as long
 *    are refused with it.
 * 3. It runs to its end, whoever waits for it, and holds its permit until then.
 */
import { object } from '@holdfast/contracts';
import type { Clock } from '@holdfast/domain';
import { decodeMessage, invalidField, toRpcError, type RpcError } from '@holdfast/rpc';
import type { Admission, OperationKind, Permit, Span } from '@holdfast/service-kit';
import { refusal } from '../object/permits.js';
import type { BatchLimits } from './batch-limits.js';
import type { BatchObserver } from './batch-observer.js';
import { errorResult, type EncodedResult } from './encoded-result.js';
import type { ExpectedBytes } from './expected-bytes.js';
import { createOperationQueue } from './operation-queue.js';
import { createOperationNames, type OperationNames, type SaidNames } from './operation-names.js';
import type { Operation } from './operation.js';
import { runOperation, type OperationDependencies } from './run-operation.js';

export interface OperationRunner {
  add(operation: Operation): void;
  /** Starts what may start now. */
  pump(): void;
  /** Answers everything that has not begun. */
  refuseWaiting(error: unknown): void;
  /** Starts nothing any more. */
  stop(): void;
  running(): number;
  /** Reports that the operation failed, and answers what its caller is told. */
  failure(operation: Operation, error: unknown): EncodedResult;
}

export interface RunnerDependencies extends OperationDependencies {
  readonly admission: Admission;
  readonly clock: Clock;
  readonly observer: BatchObserver;
  readonly expectedBytes: ExpectedBytes;
}

export interface RunnerParts {
  readonly permitKind: OperationKind;
  readonly limits: BatchLimits;
  /** Of the stream. */
  readonly traceparent: string | undefined;
  /** Bytes of results that wait to be sent. */
  readonly waitingBytes: () => number;
  /** The operation has ended, or will not begin. */
  readonly ended: (operation: Operation, result: EncodedResult) => void;
}

export function createOperationRunner(
  parts: RunnerParts,
  dependencies: RunnerDependencies,
): OperationRunner {
  const { permitKind, limits, ended } = parts;
  const { admission, clock, expectedBytes, observer } = dependencies;
  const stopping = new AbortController();
  const queue = createOperationQueue();
  let running = 0;
  let runningGets = 0;
  let isAsking = false;

  function pump(): void {
    while (!isAsking && running < limits.runningMax) {
      const operation = queue.first();
      if (operation === undefined || !hasRoomFor(operation)) return;
      const permit = admission.tryAcquire(permitKind);
      if (permit === undefined) return void askForPermit();
      queue.shift();
      void run(operation, permit);
    }
  }

  function hasRoomFor({ kind }: Operation): boolean {
    if (kind !== 'get') return true;
    const bytes = parts.waitingBytes() + runningGets * expectedBytes.current();
    return bytes === 0 || bytes < limits.resultBytesMax;
  }

  async function askForPermit(): Promise<void> {
    isAsking = true;
    try {
      const permit = await admission.acquire(permitKind, stopping.signal);
      const operation = queue.shift();
      if (operation === undefined) permit.release();
      else void run(operation, permit);
    } catch (error) {
      refuseLongWaiting(refusal(error));
    } finally {
      isAsking = false;
    }
    pump();
  }

  function refuseLongWaiting(error: unknown): void {
    if (stopping.signal.aborted) return;
    const waitingSince = clock.now() - admission.limits.waitMsMax;
    let operation = queue.shift();
    while (operation !== undefined) {
      ended(operation, failure(operation, error));
      const next = queue.first();
      const hasWaited = next !== undefined && next.held.timeArrived <= waitingSince;
      operation = hasWaited ? queue.shift() : undefined;
    }
  }

  async function run(operation: Operation, permit: Permit): Promise<void> {
    begin(operation);
    let names: OperationNames | undefined;
    let span: Span | undefined;
    let result: EncodedResult;
    try {
      const decoded = decodeMessage(object.BatchOperation, operation.bytes, malformed);
      names = namesOf(decoded);
      span = observer.began(operation.kind, names);
      result = await runOperation(decoded, dependencies);
      // One that was overdue has been counted.
      if (operation.isAnswered) span?.end();
      else observer.succeeded(operation.kind, span);
    } catch (error) {
      result = failure(operation, error, names, span);
    }
    permit.release();
    end(operation, result);
    pump();
  }

  function begin(operation: Operation): void {
    operation.isRunning = true;
    running += 1;
    if (operation.kind === 'get') runningGets += 1;
  }

  function end(operation: Operation, result: EncodedResult): void {
    operation.isRunning = false;
    running -= 1;
    if (operation.kind === 'get') {
      runningGets -= 1;
      if (result.payload !== undefined) expectedBytes.learn(result.payload.length);
    }
    ended(operation, result);
  }

  function namesOf(said: SaidNames | undefined): OperationNames {
    return createOperationNames(said, parts.traceparent, dependencies);
  }

  function failure(
    { kind, isAnswered: wasAnswered }: Operation,
    cause: unknown,
    names = namesOf(undefined),
    span?: Span,
  ): EncodedResult {
    const error = toRpcError(cause);
    observer.failed({ kind, names, error, span, wasAnswered });
    return errorResult(error);
  }

  return {
    add: (operation) => queue.push(operation),
    pump,
    refuseWaiting(error) {
      for (let next = queue.shift(); next !== undefined; next = queue.shift()) {
        ended(next, failure(next, error));
      }
    },
    stop() {
      stopping.abort();
      queue.clear();
    },
    running: () => running,
    failure: (operation, error) => failure(operation, error),
  };
}

function malformed(): RpcError {
  return invalidField('INVALID_BATCH', 'operation', 'it cannot be read');
}
