import type { RpcError } from '@holdfast/rpc';
import type { Span } from '@holdfast/service-kit';
import type { OperationNames } from './operation-names.js';
import type { Operation } from './operation.js';

/** Which operation failed, and how. */
export interface FailedOperation {
  readonly kind: Operation['kind'];
  readonly names: OperationNames;
  readonly error: RpcError;
  /** What `began` answered, if it began. */
  readonly span?: Span | undefined;
  /** It was answered as overdue before, and counted so. */
  readonly wasAnswered: boolean;
}

/** Hears of the operations of batches. It is told of every one: it must be cheap and never throw. */
export interface BatchObserver {
  /** Answers the span of an operation that begins to run; nothing where nothing is traced. */
  began(kind: Operation['kind'], names: OperationNames): Span | undefined;
  succeeded(kind: Operation['kind'], span: Span | undefined): void;
  failed(operation: FailedOperation): void;
}
