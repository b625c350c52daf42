import {
  classifyCommitFailure,
  outcomeUnknown,
  reasonOfFailedCommit,
  storageFull,
  toFault,
  unavailable,
} from './lmdb-errors.js';
import type { ResolvedLmdbOptions } from './options.js';
import type { SpaceGauge } from './space-gauge.js';

/*
 * Group commit: operations that arrive while a commit is on its way share the next one.
 *
 * 1. Take operations off the queue, up to the batch's maxima. Refuse those that need space while
 *    there is too little of it.
 * 2. In one write transaction, let each operation in turn read, check and write. An operation that
 *    throws while it checks has written nothing and fails alone.
 * 3. Commit and flush, off the event loop. This is the commit point.
 * 4. Hand out the answers: stored on disk and visible to every process, or none of them is.
 *    A disk that is full fails the operations that need space; the others get one more transaction.
 */

export interface WriteOperation<Answer> {
  /** The space it needs, about; 0 for one that should go through on a full disk. */
  readonly bytes: number;
  /** Reads and checks inside the transaction, and answers what to write, if anything. */
  check(): { readonly answer: Answer; readonly write?: (() => void) | undefined };
}

export interface GroupCommit {
  submit<Answer>(operation: WriteOperation<Answer>): Promise<Answer>;
  /** Resolves when everything submitted has its answer; what comes later is refused. */
  close(): Promise<void>;
}

export interface GroupCommitDependencies {
  /** Runs `work` in one write transaction, and resolves once what it wrote is on disk. */
  readonly transact: (work: () => void) => Promise<unknown>;
  /** Writes, inside a transaction, something that changes nothing. */
  readonly touch: () => void;
  readonly space: SpaceGauge;
}

interface Pending {
  readonly bytes: number;
  /** Runs the operation in the transaction of the moment; answers what its writing failed with. */
  run(): unknown;
  succeed(): void;
  fail(error: Error): void;
}

export function createGroupCommit(
  options: ResolvedLmdbOptions,
  { transact, touch, space }: GroupCommitDependencies,
): GroupCommit {
  const { batchOperationsMax, batchBytesMax, queueOperationsMax, queueBytesMax } = options;
  let queue: Pending[] = [];
  let queuedBytes = 0;
  let working: Promise<void> | undefined;
  let isStalled = false;
  let isClosed = false;

  function refusal(bytes: number): Error | undefined {
    if (isClosed) return unavailable('the store is closed');
    if (isStalled) return unavailable('a commit does not come to its end');
    const isFull = queue.length >= queueOperationsMax || queuedBytes + bytes > queueBytesMax;
    return isFull ? unavailable('too many writes are waiting') : undefined;
  }

  function takeBatch(): Pending[] {
    let bytes = 0;
    let count = 0;
    for (const operation of queue) {
      bytes += operation.bytes;
      if (count > 0 && (bytes > batchBytesMax || count === batchOperationsMax)) break;
      count += 1;
    }
    const batch = queue.slice(0, count);
    queue = queue.slice(count);
    queuedBytes -= bytesOf(batch);
    return batch;
  }

  async function work(): Promise<void> {
    // What is submitted in the same turn shares the first commit.
    await Promise.resolve();
    while (queue.length > 0) await settleBatch(takeBatch());
    working = undefined;
  }

  async function settleBatch(batch: readonly Pending[]): Promise<void> {
    const failure = await commit(withRoom(batch));
    if (failure !== 'full') return;
    const frugal = batch.filter(({ bytes }) => bytes === 0);
    // Even without operations: pages freed by the last commit become usable by one after it.
    await commit(frugal, touch);
  }

  function withRoom(batch: readonly Pending[]): readonly Pending[] {
    const bytes = bytesOf(batch);
    if (bytes === 0 || space.hasRoomFor(bytes)) return batch;
    for (const operation of batch) if (operation.bytes > 0) operation.fail(storageFull());
    return batch.filter((operation) => operation.bytes === 0);
  }

  async function commit(batch: readonly Pending[], also?: () => void): Promise<'full' | undefined> {
    if (batch.length === 0 && also === undefined) return undefined;
    let writeError: unknown;
    const watchdog = setTimeout(() => stall(batch), options.commitMsMax);
    try {
      await transact(() => {
        also?.();
        for (const operation of batch) writeError ??= operation.run();
      });
      for (const operation of batch) operation.succeed();
      return undefined;
    } catch (error) {
      // LMDB only says that the transaction is spoilt; the write that spoilt it said why.
      const reason = await reasonOfFailedCommit(error);
      return failBatch(batch, also === undefined, writeError ?? reason);
    } finally {
      clearTimeout(watchdog);
      isStalled = false;
    }
  }

  function failBatch(
    batch: readonly Pending[],
    isFirstAttempt: boolean,
    reason: unknown,
  ): 'full' | undefined {
    const bytes = bytesOf(batch);
    const failure = classifyCommitFailure(reason, () => space.mayHaveFilledDisk(bytes));
    for (const operation of batch) {
      if (failure === 'unknown') operation.fail(outcomeUnknown(reason));
      else if (failure === 'without effect') operation.fail(toFault(reason));
      else if (operation.bytes > 0 || !isFirstAttempt) operation.fail(storageFull(reason));
    }
    return failure === 'full' ? failure : undefined;
  }

  /** Answers everybody who waits: the batch may yet have its effect, the queue has none. */
  function stall(batch: readonly Pending[]): void {
    isStalled = true;
    for (const operation of batch) operation.fail(outcomeUnknown());
    for (const operation of queue) operation.fail(unavailable('a commit does not come to its end'));
    queue = [];
    queuedBytes = 0;
  }

  return {
    submit(operation) {
      const refused = refusal(operation.bytes);
      if (refused !== undefined) return Promise.reject(refused);
      return new Promise((resolve, reject) => {
        queue.push(toPending(operation, resolve, reject));
        queuedBytes += operation.bytes;
        working ??= work();
      });
    },

    async close() {
      isClosed = true;
      await working;
    },
  };
}

function toPending<Answer>(
  operation: WriteOperation<Answer>,
  resolve: (answer: Answer) => void,
  reject: (error: Error) => void,
): Pending {
  let settle: () => void = () => reject(unavailable('the operation did not run'));
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
    succeed: () => settle(),
    fail: reject,
  };
}

function bytesOf(batch: readonly Pending[]): number {
  return batch.reduce((sum, { bytes }) => sum + bytes, 0);
}
