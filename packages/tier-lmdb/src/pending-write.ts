import { outcomeUnknown, toFault, unavailable } from './lmdb-errors.js';

export interface WriteOperation<Answer> {
  /** The space it needs, about; 0 for one that should go through on a full disk. */
  readonly bytes: number;
  /** Reads and checks inside the transaction, and answers what to write, if anything. */
  check(): { readonly answer: Answer; readonly write?: (() => void) | undefined };
}

/** An operation whose caller waits. Once it is answered, further answers change nothing. */
export interface PendingWrite {
  readonly bytes: number;
  /** Runs the operation in the transaction of the moment; answers what its writing failed with. */
  run(): unknown;
  /** What was run came to nothing; it may be run again. */
  forget(): void;
  succeed(): void;
  fail(error: Error): void;
}

export function toPending<Answer>(
  operation: WriteOperation<Answer>,
  resolve: (answer: Answer) => void,
  reject: (error: Error) => void,
): PendingWrite {
  const didNotRun = (): void => reject(unavailable('the operation did not run'));
  let settle = didNotRun;
  return {
    bytes: operation.bytes,
    run() {
      let hasChecked = false;
      try {
        const { answer, write } = operation.check();
        hasChecked = true;
        write?.();
        settle = () => resolve(answer);
        return undefined;
      } catch (error) {
        // Whoever began to write may have left a part of it in a transaction that commits.
        settle = () => reject(hasChecked ? outcomeUnknown(error) : toFault(error));
        return hasChecked ? error : undefined;
      }
    },
    forget() {
      settle = didNotRun;
    },
    succeed: () => settle(),
    fail: reject,
  };
}

export function bytesOf(batch: readonly PendingWrite[]): number {
  return batch.reduce((sum, { bytes }) => sum + bytes, 0);
}
