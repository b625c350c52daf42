import {
  later,
  parseStoragePrefix,
  type HighVolumeTier,
  type ObjectId,
  type RowWrite,
} from '@holdfast/domain';
import {
  createMemoryHighVolumeTier,
  createRowFixtures,
  plain,
  type ManualClock,
} from '@holdfast/testkit';
import * as fc from 'fast-check';
import assert from 'node:assert/strict';
import { requireBigtableEmulator } from '../support/bigtable-emulator.js';
import { openTemporaryBigtableStore } from '../support/bigtable-store.js';
import { openTemporaryLmdbStore } from '../support/lmdb-store.js';

/*
 * The same random operations on the memory and on a store answer the same. The memory is the model:
 * it is small enough to be read, and the contract suite holds it to the port.
 */
const rowsMax = 3;
const changesMax = 5;
const revisionsMax = 4;
/** Rows of the last revision have a time-to-live, which is never extended; the others are idle. */
const ttlRevision = revisionsMax - 1;
const expiryMs = [undefined, 1_000, 3_000] as const;

const row = fc.nat(rowsMax - 1);
const change = fc.nat(changesMax - 1);
const content = fc.record({
  kind: fc.constantFrom('inline', 'tombstone', 'absent'),
  revision: fc.nat(revisionsMax - 1),
  expires: fc.constantFrom(...expiryMs),
});
const writes = fc.oneof(
  fc.record({ name: fc.constant('putInline' as const), row, content }),
  fc.record({ name: fc.constant('deleteInline' as const), row }),
  fc.record({ name: fc.constant('begin' as const), row, change }),
  fc.record({ name: fc.constant('commit' as const), row, change, content }),
  fc.record({ name: fc.constant('fence' as const), row, change }),
  fc.record({
    name: fc.constant('extend' as const),
    row,
    revision: fc.nat(ttlRevision - 1),
    ms: fc.integer({ min: -1_000, max: 5_000 }),
  }),
);
const others = fc.oneof(
  fc.record({ name: fc.constant('read' as const), row }),
  fc.record({ name: fc.constant('readHead' as const), row }),
  fc.record({ name: fc.constant('list' as const), limit: fc.integer({ min: 1, max: 4 }) }),
  fc.record({ name: fc.constant('advance' as const), ms: fc.integer({ min: 1, max: 1_500 }) }),
);

type Content = typeof content extends fc.Arbitrary<infer Value> ? Value : never;
type Write = typeof writes extends fc.Arbitrary<infer Value> ? Value : never;
type Other = typeof others extends fc.Arbitrary<infer Value> ? Value : never;

interface StoreUnderTest {
  readonly highVolumeTier: HighVolumeTier;
  readonly clock: ManualClock;
  close(): Promise<void>;
}

interface ModelOptions {
  readonly runs: number;
  readonly open: () => Promise<StoreUnderTest>;
  /** Operations that are submitted at once take effect in the order in which they were submitted. */
  readonly keepsOrder: boolean;
}

describeModel('LMDB', {
  runs: 150,
  keepsOrder: true,
  async open() {
    const store = await openTemporaryLmdbStore();
    return { ...store, close: () => store.remove() };
  },
});

describe('With the emulator', () => {
  before(function () {
    requireBigtableEmulator(this);
  });

  describeModel('Bigtable', { runs: 25, keepsOrder: false, open: openTemporaryBigtableStore });
});

function describeModel(name: string, { runs, open, keepsOrder }: ModelOptions): void {
  describe(`${name} and the memory`, () => {
    let store: StoreUnderTest;
    let run = 0;

    before(async () => {
      store = await open();
    });
    after(() => store?.close());

    function newRun() {
      run += 1;
      const { clock, highVolumeTier: tier } = store;
      return {
        clock,
        tier,
        memory: createMemoryHighVolumeTier({ clock }),
        names: nameRows(clock, run),
      };
    }

    it('answer any sequence of operations alike', async () => {
      const sequence = fc.array(fc.oneof(writes, others), { maxLength: 40 });
      const property = fc.asyncProperty(sequence, async (operations) => {
        const { clock, tier, memory, names } = newRun();
        for (const operation of operations) {
          if (operation.name === 'advance') clock.advance(operation.ms);
          const expected = await perform(memory, operation, names);
          assert.deepEqual(plain(await perform(tier, operation, names)), plain(expected));
        }
        await assertSameRows(memory, tier, names.ids);
      });
      await fc.assert(property, { numRuns: runs });
    });

    if (!keepsOrder) return;
    it('answer writes that are submitted at once as if one came after the other', async () => {
      const burst = fc.array(writes, { minLength: 2, maxLength: 60 });
      const property = fc.asyncProperty(burst, async (operations) => {
        const { tier, memory, names } = newRun();
        const all = async (each: HighVolumeTier) => {
          // So that there is something to fence, and to commit.
          for (const id of names.ids) await each.begin(id, names.changeId(0));
          return Promise.all(operations.map((operation) => perform(each, operation, names)));
        };
        assert.deepEqual(await all(tier), await all(memory));
        await assertSameRows(memory, tier, names.ids);
      });
      await fc.assert(property, { numRuns: runs });
    });
  });
}

interface Names {
  readonly usecase: string;
  readonly clock: ManualClock;
  readonly ids: readonly ObjectId[];
  changeId(index: number): ReturnType<ReturnType<typeof createRowFixtures>['changeId']>;
  revision(index: number): ReturnType<ReturnType<typeof createRowFixtures>['revision']>;
  write(id: ObjectId, content: Content): RowWrite;
}

function nameRows(clock: ManualClock, run: number): Names {
  const make = createRowFixtures(clock);
  const usecase = `run-${run}`;
  const ids = ['a', 'a/', '\u{1f600}'].map((key) => make.id(key, usecase));
  const changeIds = Array.from({ length: changesMax }, () => make.changeId());
  const revisions = Array.from({ length: revisionsMax }, () => make.revision());
  const at = <Value>(values: readonly Value[], index: number): Value => {
    const value = values[index];
    assert.ok(value !== undefined);
    return value;
  };
  return {
    usecase,
    clock,
    ids,
    changeId: (index) => at(changeIds, index),
    revision: (index) => at(revisions, index),
    write(id, { kind, revision, expires }) {
      const expiring = revision === ttlRevision ? make.expiringIn : make.idleIn;
      const fields = {
        revision: at(revisions, revision),
        ...(expires === undefined ? {} : expiring(expires)),
      };
      if (kind === 'absent') return { kind: 'absent' };
      return kind === 'inline' ? make.inline(`${revision}`, fields) : make.tombstone(id, fields);
    },
  };
}

function perform(tier: HighVolumeTier, operation: Write | Other, names: Names): Promise<unknown> {
  const id = 'row' in operation ? names.ids[operation.row] : names.ids[0];
  assert.ok(id);
  switch (operation.name) {
    case 'putInline': {
      const write = names.write(id, { ...operation.content, kind: 'inline' });
      return write.kind === 'inline' ? tier.putInline(id, write) : Promise.reject();
    }
    case 'deleteInline':
      return tier.deleteInline(id);
    case 'begin':
      return tier.begin(id, names.changeId(operation.change));
    case 'commit':
      return tier.commit(id, names.changeId(operation.change), names.write(id, operation.content));
    case 'fence':
      return tier.fence(id, names.changeId(operation.change));
    case 'extend': {
      const timeExpires = later(names.clock.now(), operation.ms);
      return tier.extend(id, names.revision(operation.revision), timeExpires);
    }
    case 'read':
      return tier.read(id);
    case 'readHead':
      return tier.readHead(id);
    case 'list': {
      const prefix = parseStoragePrefix({ usecase: names.usecase, scopes: [] });
      return tier.list(prefix, undefined, operation.limit);
    }
    case 'advance':
      return Promise.resolve();
  }
}

async function assertSameRows(
  left: HighVolumeTier,
  right: HighVolumeTier,
  ids: readonly ObjectId[],
): Promise<void> {
  for (const id of ids) assert.deepEqual(plain(await left.read(id)), plain(await right.read(id)));
}
