import type { Environment } from './environment.js';
import { toFault, unavailable } from './lmdb-errors.js';

/** Runs a synchronous read of the committed state of this moment, all of it on one snapshot. */
export type ReadCurrent = <Result>(read: () => Result) => Promise<Result>;

/**
 * lmdb-js keeps its read transaction for a while, and with it the state of when it began. Another
 * process may have answered a write since, so reads begin by letting go of it.
 *
 * Once per turn of the event loop is enough: until the turn ends, nothing can reach this process
 * that was sent because of such an answer. What it is asked to read was asked before.
 */
export function createReadCurrent({ heads }: Environment, isClosed: () => boolean): ReadCurrent {
  let isCurrent = false;

  function beginTurn(): void {
    heads.resetReadTxn();
    isCurrent = true;
    // Runs when this turn has nothing left to do, before the next event is looked at.
    process.nextTick(() => {
      isCurrent = false;
    });
  }

  return async (read) => {
    if (isClosed()) throw unavailable('the store is closed');
    try {
      if (!isCurrent) beginTurn();
      return read();
    } catch (error) {
      throw toFault(error);
    }
  };
}
