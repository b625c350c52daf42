import { admitWrites } from './admit-writes.js';
import {
  classifyCommitFailure,
  outcomeUnknown,
  reasonOfFailedCommit,
  storageFull,
  toFault,
  unavailable,
} from './lmdb-errors.js';
import type { ResolvedLmdbOptions } from './options.js';
import { bytesOf, toPending, type PendingWrite, type WriteOperation } from './pending-write.js';
import type { SpaceGauge } from './space-gauge.js';

/*
 * Group commit: operations that arrive while a commit is on its way share the next one.
 *
 * 1. Take operations off the queue, up to the batch's maxima. Refuse those that need more space than
 *    is left.
 * 2. In one write transaction, let each operation in turn read, check and write. An operation that
 *    throws while it checks has written nothing and fails alone.
 * 3. Commit and flush, off the event loop. This is the commit point.
 * 4. Hand out the answers: stored on disk and visible to every process, or none of them is.
 *    A disk that is full fails the operations that need space; the others get one more transaction.
 */

export interface GroupCommit {
  submit<Answer>(operation: WriteOperation<Answer>): Promise<Answer>;
  /** A commit that was given up is still on its way: what it writes may yet have its effect. */
  isStalled(): boolean;
  /**
   * Resolves when everything submitted has its answer; what comes later is refused. That takes at
   * most `commitMsMax`: what has no answer by then is treated as by a commit that takes too long.
   */
  close(): Promise<Closing>;
}

export type Closing =
  | { readonly kind: 'ended' }
  /** A commit is still on its way. `end` resolves when it ends, if it ever does. */
  | { readonly kind: 'hanging'; readonly end: Promise<void> };

export interface GroupCommitDependencies {
  /** Runs `work` in one write transaction, and resolves once what it wrote is on disk. */
  readonly transact: (work: () => void) => Promise<unknown>;
  /** Writes, inside a transaction, something that changes nothing. */
  readonly touch: () => void;
  readonly space: SpaceGauge;
}

export function createGroupCommit(
  options: ResolvedLmdbOptions,
  { transact, touch, space }: GroupCommitDependencies,
): GroupCommit {
  const { batchOperationsMax, batchBytesMax, queueOperationsMax, queueBytesMax } = options;
  let queue: PendingWrite[] = [];
  let queuedBytes = 0;
  let working: Promise<void> | undefined;
  let inCommit: readonly PendingWrite[] = [];
  let isStalled = false;
  let isClosed = false;

  function refusal(bytes: number): Error | undefined {
    if (isClosed) return unavailable('the store is closed');
    if (isStalled) return unavailable('a commit does not come to its end');
    const isFull = queue.length >= queueOperationsMax || queuedBytes + bytes > queueBytesMax;
    return isFull ? unavailable('too many writes are waiting') : undefined;
  }

  function takeBatch(): PendingWrite[] {
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
    try {
      while (queue.length > 0) await settleBatch(takeBatch());
    } finally {
      working = undefined;
    }
  }

  async function settleBatch(batch: readonly PendingWrite[]): Promise<void> {
    const failure = await commit(admitWrites(batch, space));
    if (failure !== 'full') return;
    const frugal = batch.filter(({ bytes }) => bytes === 0);
    // Even without operations: pages freed by the last commit become usable by one after it.
    await commit(frugal, touch);
  }

  async function commit(
    batch: readonly PendingWrite[],
    also?: () => void,
  ): Promise<'full' | undefined> {
    if (batch.length === 0 && also === undefined) return undefined;
    let writeError: unknown;
    inCommit = batch;
    const watchdog = setTimeout(stall, options.commitMsMax);
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
      inCommit = [];
      isStalled = false;
    }
  }

  function failBatch(
    batch: readonly PendingWrite[],
    isFirstAttempt: boolean,
    reason: unknown,
  ): 'full' | undefined {
    const bytes = bytesOf(batch);
    const failure = classifyCommitFailure(reason, () => mayHaveFilledDisk(bytes));
    for (const operation of batch) {
      if (failure === 'unknown') operation.fail(outcomeUnknown(reason));
      else if (failure === 'without effect') operation.fail(toFault(reason));
      else if (operation.bytes > 0 || !isFirstAttempt) operation.fail(storageFull(reason));
      else operation.forget();
    }
    return failure === 'full' ? failure : undefined;
  }

  function mayHaveFilledDisk(bytes: number): boolean {
    try {
      return space.mayHaveFilledDisk(bytes);
    } catch {
      // Without knowing why the commit failed nothing can be claimed about its effect.
      return false;
    }
  }

  /** Answers everybody who waits: the batch may yet have its effect, the queue has none. */
  function stall(): void {
    isStalled = true;
    for (const operation of inCommit) operation.fail(outcomeUnknown());
    for (const operation of queue) operation.fail(unavailable('a commit does not come to its end'));
    queue = [];
    queuedBytes = 0;
  }

  function waitForEnd(end: Promise<void>): Promise<Closing> {
    return new Promise((resolve) => {
      const deadline = setTimeout(() => {
        stall();
        resolve({ kind: 'hanging', end });
      }, options.commitMsMax);
      void end.then(() => {
        clearTimeout(deadline);
        resolve({ kind: 'ended' });
      });
    });
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

    isStalled: () => isStalled,

    async close() {
      isClosed = true;
      return working === undefined ? { kind: 'ended' } : waitForEnd(working);
    },
  };
}
