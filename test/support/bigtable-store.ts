import type { ChangeId, ObjectId, Timestamp } from '@holdfast/domain';
import { createManualClock, type ManualClock } from '@holdfast/testkit';
import {
  openBigtableStore,
  type BigtableOptions,
  type BigtableStore,
} from '@holdfast/tier-bigtable';
import { changeRowKeyOf } from '../../packages/tier-bigtable/src/change-cells.js';
import { deleteFamily, setCell } from '../../packages/tier-bigtable/src/mutations.js';
import { resolveBigtableOptions } from '../../packages/tier-bigtable/src/options.js';
import type { Mutation } from '../../packages/tier-bigtable/src/requests.js';
import { rowKeyOf } from '../../packages/tier-bigtable/src/row-cells.js';
import type { TableRow } from '../../packages/tier-bigtable/src/row-merger.js';
import { openTransport } from '../../packages/tier-bigtable/src/transport.js';
import { makeBigtableTable } from './bigtable-table.js';

/**
 * The emulator collects garbage by the real time, every second. Rows of a time to come are left
 * alone by it, so that a test alone decides what has expired.
 */
const farAhead = 4_000_000_000_000 as Timestamp;

/** A table of this test alone, and a store on it. */
export interface TemporaryBigtableStore extends BigtableStore {
  readonly clock: ManualClock;
  /** What another store on the same table is opened with. */
  readonly options: BigtableOptions;
  /** Writes to the table below the store, as damage or a newer version would. */
  tamper(rowKey: Uint8Array, mutations: readonly Mutation[]): Promise<void>;
  /** All that the table holds, garbage that was not collected included. */
  rawRows(): Promise<readonly TableRow[]>;
}

export async function openTemporaryBigtableStore(
  overrides: Partial<BigtableOptions> = {},
  time: Timestamp = farAhead,
): Promise<TemporaryBigtableStore> {
  const options = await makeBigtableTable();
  const clock = createManualClock(time);
  const store = await openBigtableStore({ ...options, ...overrides }, { clock });
  const raw = await openTransport(resolveBigtableOptions(options), Math.random);
  return {
    ...store,
    clock,
    options,
    async tamper(rowKey, mutations) {
      const predicateFilter = { passAllFilter: true };
      const both = { trueMutations: [...mutations], falseMutations: [...mutations] };
      await raw.checkAndMutate('once', { rowKey, predicateFilter, ...both });
    },
    rawRows: () => raw.readRows({ filter: { passAllFilter: true } }),
    async close() {
      await store.close();
      raw.close();
    },
  };
}

/** A row of an object, as a version of ours that does not exist yet might write it. */
export function damageRow(store: TemporaryBigtableStore, id: ObjectId): Promise<void> {
  const value = Buffer.of(99, 1, 2);
  const cell = { familyName: 'm', columnQualifier: Buffer.from('h'), timestampMicros: 0, value };
  return store.tamper(rowKeyOf(id), [deleteFamily('e'), deleteFamily('m'), setCell(cell)]);
}

export function damageChange(store: TemporaryBigtableStore, changeId: ChangeId): Promise<void> {
  const value = Buffer.of(99, 1, 2);
  const cell = { familyName: 'm', columnQualifier: Buffer.from('c'), timestampMicros: 0, value };
  return store.tamper(changeRowKeyOf(changeId), [deleteFamily('m'), setCell(cell)]);
}
