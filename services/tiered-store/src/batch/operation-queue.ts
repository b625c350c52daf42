import type { Operation } from './operation.js';

/** Operations that have not begun, in the order of their arrival. */
export interface OperationQueue {
  push(operation: Operation): void;
  /** The first one that is not answered yet. */
  first(): Operation | undefined;
  /** Takes that one off. */
  shift(): Operation | undefined;
  clear(): void;
}

/** Taking one off moves nothing: an array's own `shift` would move all others. */
export function createOperationQueue(): OperationQueue {
  let operations: Operation[] = [];
  let at = 0;

  function clear(): void {
    operations = [];
    at = 0;
  }

  function first(): Operation | undefined {
    let operation = operations[at];
    while (operation?.isAnswered === true) {
      at += 1;
      operation = operations[at];
    }
    if (operation === undefined && at > 0) clear();
    return operation;
  }

  return {
    push: (operation) => void operations.push(operation),
    first,
    shift() {
      const operation = first();
      if (operation !== undefined) at += 1;
      return operation;
    },
    clear,
  };
}
