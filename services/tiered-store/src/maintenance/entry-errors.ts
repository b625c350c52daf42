import { status } from '@grpc/grpc-js';
import { rpc } from '@holdfast/contracts';
import { DomainError } from '@holdfast/domain';
import { statusBytes, toRpcError } from '@holdfast/rpc';
import type { CallContext } from '@holdfast/rpc';
import type { MaintenanceDependencies } from './dependencies.js';

/** The errors of the entries of one call. */
export interface EntryErrors {
  /**
   * What the caller is told of an entry that failed alone. It is a worker or an operator, so other than
   * a caller with an object he hears what a store said: he is the one to put it right.
   */
  toStatus(error: unknown): rpc.Status;
  /** Once the call is over. */
  report(): void;
}

/** One line a call, with the first of its errors: they mostly have one cause. */
export function createEntryErrors(
  { logger }: Pick<MaintenanceDependencies, 'logger'>,
  { method, requestId }: CallContext,
): EntryErrors {
  let failed = 0;
  let first: unknown;
  return {
    toStatus(error) {
      const rpcError = toRpcError(error);
      if (rpcError.code !== status.INVALID_ARGUMENT) {
        if (failed === 0) first = error;
        failed += 1;
      }
      const told = rpc.Status.decode(statusBytes(rpcError));
      return error instanceof DomainError ? { ...told, message: error.message } : told;
    },
    report() {
      if (failed === 0) return;
      logger.warn({ method, requestId, failed, error: first }, 'entries of a call failed');
    },
  };
}
