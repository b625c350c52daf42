import { status } from '@grpc/grpc-js';
import { rpc, type cleanup } from '@holdfast/contracts';
import { reasonError, statusBytes, toRpcError, type RpcError } from '@holdfast/rpc';

/** What became of the letters of one call. */
export interface LetterTally {
  done(): void;
  failed(id: string, error: unknown): void;
  readonly doneCount: () => number;
  /** That the queues could not be reached, once they could not: to ask for the others is no use. */
  readonly queueError: () => RpcError | undefined;
  /**
   * The failures of single letters. Throws when nothing was done because nothing could be reached: that
   * is for the caller to repeat, and no matter of the letters.
   */
  failures(): readonly cleanup.DeadLetterFailure[];
}

export function createLetterTally(): LetterTally {
  const failed: { readonly id: string; readonly error: RpcError }[] = [];
  let done = 0;
  let queueError: RpcError | undefined;
  return {
    done() {
      done += 1;
    },
    failed(id, thrown) {
      const error = toRpcError(thrown);
      if (error.reason === 'QUEUE_UNAVAILABLE') queueError = error;
      failed.push({ id, error });
    },
    doneCount: () => done,
    queueError: () => queueError,
    failures() {
      const [first] = failed;
      const isAllUnreached = failed.every(({ error }) => error.code === status.UNAVAILABLE);
      if (done === 0 && first !== undefined && isAllUnreached) throw first.error;
      return failed.map(({ id, error }) => ({ id, error: rpc.Status.decode(statusBytes(error)) }));
    },
  };
}

export function letterNotFound(): RpcError {
  return reasonError('DEAD_LETTER_NOT_FOUND', 'there is no such dead letter');
}
