import { status } from '@grpc/grpc-js';
import { rpcError, toRpcError } from '@holdfast/rpc';
import type { Backend } from './backend.js';
import {
  ForwardedOperation,
  type ForwardingParts,
  type Operation,
  type OperationSink,
} from './forwarded-operation.js';
import {
  callerError,
  deadlineExceeded,
  isBroken,
  isShuttingDown,
  storeUnavailable,
} from './upstream-errors.js';
import type { Waiter } from './waiting-room.js';

/** A call that goes to a store by itself: a large payload, a list. */
export interface OwnCall {
  /** Milliseconds since 1970. */
  readonly deadline: number;
  readonly signal: AbortSignal;
}

export interface Read<T> extends OwnCall {
  readonly callerRepeats: boolean;
  at(backend: Backend): Promise<T>;
  /** Whether it can begin again: its caller has heard nothing yet. */
  isFresh(): boolean;
}

/** The tiered stores, as one. */
export interface Upstream {
  /** Runs an operation on one of the shared streams. */
  submit(operation: Operation, sink: OperationSink): void;
  /** The same for one alone: answers an encoded BatchResult. */
  run(operation: Operation): Promise<Uint8Array>;
  /** A store that is ready; waits for one for a bounded time. */
  choose(call: OwnCall, avoid?: Backend): Promise<Backend>;
  /** Reads from one store, and from another when the first one is lost before the caller heard. */
  read<T>(read: Read<T>): Promise<T>;
}

export function createUpstream(parts: ForwardingParts): Upstream {
  const { backends, clock, counts, limits, retryBudget, waitingRoom } = parts;

  function submit(operation: Operation, sink: OperationSink): void {
    new ForwardedOperation(parts, operation, sink).start();
  }

  async function choose(call: OwnCall, avoid?: Backend): Promise<Backend> {
    if (call.signal.aborted) throw whyAborted(call.signal);
    const backend = backends.pick(avoid);
    return backend === undefined || backend === avoid ? waitForOne(call) : backend;
  }

  function waitForOne({ deadline, signal }: OwnCall): Promise<Backend> {
    return new Promise((resolve, reject) => {
      function leave(): void {
        waitingRoom.leave(waiter);
        reject(whyAborted(signal));
      }
      const waiter: Waiter = {
        waitUntil: Math.min(deadline, clock.now() + limits.waitMsMax),
        // It leaves by itself.
        isWanted: () => !signal.aborted,
        go(backend) {
          signal.removeEventListener('abort', leave);
          resolve(backend);
        },
        giveUp() {
          signal.removeEventListener('abort', leave);
          reject(clock.now() >= deadline ? deadlineExceeded() : storeUnavailable());
        },
      };
      signal.addEventListener('abort', leave, { once: true });
      if (!waitingRoom.enter(waiter)) waiter.giveUp();
    });
  }

  function mayRepeat<T>(error: unknown, call: Read<T>): boolean {
    const failure = toRpcError(error);
    if (call.signal.aborted || !call.isFresh()) return false;
    if (isShuttingDown(failure)) {
      counts.moved();
      return true;
    }
    if (call.callerRepeats || !isBroken(failure) || !retryBudget.spend()) return false;
    counts.repeated();
    return true;
  }

  async function read<T>(call: Read<T>): Promise<T> {
    retryBudget.earn();
    const first = await choose(call);
    try {
      return await call.at(first);
    } catch (error) {
      if (!mayRepeat(error, call)) throw callerError(toRpcError(error), 'read', true);
    }
    const second = await choose(call, first);
    return call.at(second).catch((error: unknown) => {
      throw callerError(toRpcError(error), 'read', true);
    });
  }

  return {
    submit,
    run: (operation) =>
      new Promise((resolve, reject) => {
        submit(operation, { result: resolve, failed: reject });
      }),
    choose,
    read,
  };
}

/** The server's word for why a caller's call is over, if it has one. */
export function whyAborted({ reason }: AbortSignal): Error {
  const message = 'the caller went away';
  return reason instanceof Error ? reason : rpcError(status.CANCELLED, undefined, message);
}
