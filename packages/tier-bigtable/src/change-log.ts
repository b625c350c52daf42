import type { Change, ChangeId, ChangeLog } from '@holdfast/domain';
import { unavailable } from './bigtable-errors.js';
import {
  changeCells,
  changeRowKeyOf,
  decodeEntry,
  isDueBefore,
  isUnreadableChange,
  moveDeadline,
  removeEntry,
  replaceEntry,
} from './change-cells.js';
import { listChanges } from './list-changes.js';
import type { Mutation } from './requests.js';
import { createSharedRead } from './shared-read.js';
import type { BigtableTransport } from './transport.js';

/** The change log beside the rows, in the same table. Each of its calls may be repeated. */
export function createBigtableChangeLog(transport: BigtableTransport): ChangeLog {
  // Nobody but cleanup and sweeps asks for entries one by one.
  const readRow = createSharedRead(transport, changeCells);

  async function get(changeId: ChangeId): Promise<Change | undefined> {
    const row = await readRow(changeRowKeyOf(changeId));
    return row && decodeEntry(row.cells, changeId);
  }

  /** Changes an entry, or makes it, unless there is one that cannot be read. */
  async function changeReadable(changeId: ChangeId, mutations: readonly Mutation[]): Promise<void> {
    const isRefused = await transport.checkAndMutate('idempotent', {
      rowKey: changeRowKeyOf(changeId),
      predicateFilter: isUnreadableChange,
      falseMutations: [...mutations],
    });
    if (!isRefused) return;
    await get(changeId);
    throw unavailable(`change ${changeId} could not be read, and now it can`);
  }

  return {
    record: (change) => changeReadable(change.changeId, replaceEntry(change)),

    remove: (changeId) => changeReadable(changeId, removeEntry),

    get,

    async defer(changeId, deadline) {
      const isDeferred = await transport.checkAndMutate('idempotent', {
        rowKey: changeRowKeyOf(changeId),
        predicateFilter: isDueBefore(deadline),
        trueMutations: moveDeadline(deadline),
      });
      if (isDeferred) return 'deferred';
      return (await get(changeId)) === undefined ? 'absent' : 'deferred';
    },

    list: (query) => listChanges(transport, query),
  };
}
