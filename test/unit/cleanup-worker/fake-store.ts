import { status } from '@grpc/grpc-js';
import { maintenance, rpc } from '@holdfast/contracts';
import { rpcError, statusBytes, type RpcError } from '@holdfast/rpc';
import type { MaintenanceStore } from '../../../services/cleanup-worker/src/store/maintenance-store.js';

const { BlobState, SettleOutcome } = maintenance;

export type SettleAnswer = maintenance.SettleResult['result'];
export type ReclaimAnswer = maintenance.ReclaimResult['result'];

/** A store that answers as it is told, and remembers what it was asked. */
export interface FakeStore extends MaintenanceStore {
  /** The entries of each call, in the order of the calls. */
  readonly calls: readonly (readonly string[])[];
  /** Calls that have not been answered. */
  running(): number;
  answerSettle: (changeId: string) => SettleAnswer;
  answerReclaim: (blob: string) => ReclaimAnswer;
  /** Called before a call is answered; what it throws is how the call fails. */
  before: (entries: readonly string[], signal: AbortSignal | undefined) => Promise<void>;
  unreferenced: () => Promise<maintenance.DescribeStorageResponse>;
}

export function createFakeStore(): FakeStore {
  const calls: (readonly string[])[] = [];
  let running = 0;

  async function call<Result>(
    entries: readonly string[],
    signal: AbortSignal | undefined,
    answer: (entry: string) => Result,
  ): Promise<readonly Result[]> {
    calls.push(entries);
    running += 1;
    try {
      await store.before(entries, signal);
      return entries.map(answer);
    } finally {
      running -= 1;
    }
  }

  const store: FakeStore = {
    calls,
    running: () => running,
    answerSettle: () => deleted,
    answerReclaim: () => reclaimed(BlobState.DELETED),
    before: () => nextTurn(),
    unreferenced: () => Promise.reject(new Error('nobody said')),
    settle: (changeIds, { signal }) =>
      call(changeIds, signal, (changeId) => {
        return { changeId, result: store.answerSettle(changeId), change: undefined };
      }),
    reclaim: (blobs, { signal }) =>
      call(blobs, signal, (blob) => ({ blob, result: store.answerReclaim(blob) })),
    discard: () => Promise.reject(new Error('nothing is discarded here')),
    describeUnreferenced: () => store.unreferenced(),
    close: () => Promise.resolve(),
  };
  return store;
}

/** The change is settled, and its blob is gone. */
export const deleted = settled(SettleOutcome.COMMITTED, [BlobState.DELETED]);
/** The change was settled before. */
export const alreadyResolved = settled(SettleOutcome.ALREADY_RESOLVED, []);

export function settled(
  outcome: maintenance.SettleOutcome,
  states: readonly maintenance.BlobState[],
  deadline?: Date,
): SettleAnswer {
  const blobs = states.map((state) => ({ blob: 'a blob', state, size: 1n }));
  return { $case: 'settled', value: { outcome, blobs, deadline } };
}

export function reclaimed(state: maintenance.BlobState): ReclaimAnswer {
  return { $case: 'outcome', value: { blob: 'a blob', state, size: 1n } };
}

/** How an entry fails alone. */
export function entryError(error: RpcError): { $case: 'error'; value: rpc.Status } {
  return { $case: 'error', value: rpc.Status.decode(statusBytes(error)) };
}

export function unreachable(): RpcError {
  return rpcError(status.UNAVAILABLE, undefined, 'no tiered store can be reached');
}

/** Lets what is due in the event loop happen. */
export function nextTurn(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}
