import { later, limits, type ChangeId, type Timestamp } from '@holdfast/domain';
import { createRowFixtures, plain, type RowFixtures } from '@holdfast/testkit';
import assert from 'node:assert/strict';
import { setCell } from '../../packages/tier-bigtable/src/mutations.js';
import { cellTime, rowKeyOf } from '../../packages/tier-bigtable/src/row-cells.js';
import { requireBigtableEmulator } from '../support/bigtable-emulator.js';
import {
  openTemporaryBigtableStore,
  type TemporaryBigtableStore,
} from '../support/bigtable-store.js';
import { waitUntil } from '../support/cluster-wait.js';

const hourMs = 3_600_000;

describe('rows of a Bigtable table', () => {
  let store: TemporaryBigtableStore;
  let make: RowFixtures;

  before(async function () {
    requireBigtableEmulator(this);
    store = await openTemporaryBigtableStore();
    make = createRowFixtures(store.clock);
  });
  after(() => store?.close());

  /** A time of cells that the emulator's collector leaves alone. */
  const uncollected = (): number => cellTime(store.clock.now());

  it('hold a payload of 1 MiB beside metadata that is as large as it may be', async () => {
    const { highVolumeTier: tier } = store;
    const size = limits.inlineThresholdBytes;
    const pairs = Array.from({ length: limits.customPairsMax }, (_, index) => index);
    const custom = new Map(pairs.map((index) => [`name-${index}`, 'v'.repeat(100)]));
    const payload = Uint8Array.from({ length: size }, (_, at) => (at * 31 + (at >> 8)) & 0xff);
    const id = make.id();
    const row = { ...make.inline('', { size, custom, ...make.expiringIn(1_000) }), payload };
    await tier.putInline(id, row);
    assert.deepEqual(plain(await tier.read(id)), plain(row));
  });

  it('are told apart by the first bytes of their head, exactly', async () => {
    const { highVolumeTier: tier } = store;
    const answers = new Map<string, string>();
    for (const bytes of [[], [0], [1], [1, 0], [1, 1], [1, 2], [1, 3], [1, 0xff], [2], [2, 1]]) {
      for (const familyName of ['e', 'm']) {
        const id = make.id();
        const value = Buffer.from(bytes);
        const columnQualifier = Buffer.from('h');
        await store.tamper(rowKeyOf(id), [
          setCell({ familyName, columnQualifier, timestampMicros: uncollected(), value }),
        ]);
        const answer = await tier.putInline(id, make.inline('x')).catch(codeOf);
        answers.set(`${familyName} ${bytes.join(' ')}`, answer);
      }
    }
    for (const [head, answer] of answers) {
      // What begins as an inline head does is one, whatever follows; all else was left alone.
      assert.equal(answer, head.endsWith(' 1 1') ? 'stored' : 'UNREADABLE', head);
    }
  });

  for (const familyName of ['e', 'm']) {
    for (const column of ['', 'a', 'hh', 'i', 'q', 'pp', 'xx', '\n', 'h\0']) {
      it(`are left alone with a column ${JSON.stringify(column)} in ${familyName}`, async () => {
        const { highVolumeTier: tier } = store;
        const id = make.id();
        const row = make.inline(
          'x',
          familyName === 'e' ? make.expiringIn(1_000) : make.idleIn(1_000),
        );
        await tier.putInline(id, row);
        const columnQualifier = Buffer.from(column);
        const cell = { familyName, columnQualifier, timestampMicros: uncollected() };
        await store.tamper(rowKeyOf(id), [setCell({ ...cell, value: Buffer.of(1) })]);
        const { revision } = row.metadata;
        const operations: readonly (() => Promise<unknown>)[] = [
          () => tier.read(id),
          () => tier.readHead(id),
          () => tier.putInline(id, make.inline('y')),
          () => tier.deleteInline(id),
          () => tier.begin(id, make.changeId()),
          () => tier.fence(id, make.changeId()),
          () => tier.extend(id, revision, later(store.clock.now(), 9_000)),
        ];
        for (const operation of operations) {
          assert.equal(await operation().catch(codeOf), 'UNREADABLE');
        }
      });
    }
  }

  it('of nothing but intents are no rows to a listing, however many there are', async () => {
    const fresh = await openTemporaryBigtableStore();
    const tier = fresh.highVolumeTier;
    for (let index = 0; index < 30; index += 1) {
      await tier.begin(make.id(`intent-${index}`), make.changeId());
    }
    const id = make.id('zz-content');
    await tier.putInline(id, make.inline('x'));
    const page = await tier.listRows(undefined, 1);
    assert.deepEqual(
      page.rows.map((row) => row.id.path),
      [id.path],
    );
    assert.equal(page.next, undefined);
    await fresh.close();
  });

  it('forget the oldest of too many intents, whatever order they came in', async () => {
    const { highVolumeTier: tier } = store;
    const id = make.id();
    const changeIds = Array.from({ length: limits.intentsPerRowMax + 10 }, () => make.changeId());
    await Promise.all(changeIds.toReversed().map((changeId) => tier.begin(id, changeId)));
    const commit = (changeId: ChangeId | undefined) => {
      assert.ok(changeId);
      return tier.commit(id, changeId, make.tombstone(id));
    };
    assert.equal(await commit(changeIds[0]), 'refused');
    assert.equal(await commit(changeIds[9]), 'refused');
    assert.equal(await commit(changeIds[10]), 'committed');
  });

  it('stay unchanged by an extension when they have a time-to-live', async () => {
    const { highVolumeTier: tier } = store;
    const id = make.id();
    const row = make.inline('x', make.expiringIn(1_000));
    await tier.putInline(id, row);
    const time = later(store.clock.now(), 9_000);
    assert.equal(await tier.extend(id, row.metadata.revision, time), 'unchanged');
    assert.deepEqual(plain(await tier.read(id)), plain(row));
  });

  it('keep one cell of an expiry that is moved again and again', async () => {
    const { highVolumeTier: tier } = store;
    const id = make.id();
    const row = make.inline('x', make.idleIn(1_000));
    await tier.putInline(id, row);
    for (let ms = 1_001; ms < 1_010; ms += 1) {
      const time = later(store.clock.now(), ms);
      assert.equal(await tier.extend(id, row.metadata.revision, time), 'extended');
    }
    const cells = (await store.rawRows()).find(({ key }) => key.equals(rowKeyOf(id)))?.cells ?? [];
    assert.equal(cells.filter(({ qualifier }) => qualifier.toString() === 'x').length, 1);
  });
});

describe('expired rows of a Bigtable table', () => {
  before(function () {
    requireBigtableEmulator(this);
  });

  it('are not shown before the garbage collector takes them, nor after', async () => {
    // Long ago by the real time, which the emulator goes by; its collector runs every second.
    const longAgo = 1_700_000_000_000 as Timestamp;
    const store = await openTemporaryBigtableStore({}, longAgo);
    const { highVolumeTier: tier, clock } = store;
    const make = createRowFixtures(clock);
    const [goes, idles, large] = [make.id('goes'), make.id('idles'), make.id('large')];
    const tombstone = make.tombstone(large, make.expiringIn(1_000));
    const changeId = make.changeId();
    clock.set(later(clock.now(), 1_000_000_000_000));
    await tier.begin(large, changeId);
    assert.equal(await tier.commit(large, changeId, tombstone), 'committed');
    clock.set(longAgo);
    await tier.putInline(idles, make.inline('x', make.idleIn(1_000)));
    await tier.putInline(goes, make.inline('x', make.expiringIn(1_000)));
    clock.advance(2 * hourMs);

    const isKept = async (key: string): Promise<boolean> =>
      (await store.rawRows()).some((row) => row.key.toString().endsWith(key));
    const kinds = new Set<string>();
    await waitUntil(
      'the collector has come by',
      async () => {
        const [row, head] = [await tier.read(goes), await tier.readHead(goes)];
        kinds.add(row.kind);
        kinds.add(head.kind);
        return isKept('goes');
      },
      (kept) => !kept,
    );
    assert.deepEqual([...kinds], ['absent']);
    assert.deepEqual(plain(await tier.read(goes)), { kind: 'absent' });
    assert.equal(await tier.putInline(goes, make.inline('again')), 'stored');
    // What names a blob is left for a change to clean up, and what can be extended for the sweeper.
    const remains = { revision: tombstone.metadata.revision, blob: tombstone.blob };
    assert.deepEqual(plain(await tier.read(large)), { kind: 'absent', remains });
    assert.equal((await tier.read(idles)).kind, 'absent');
    assert.ok(await isKept('idles'));
    await store.close();
  });
});

function codeOf(error: unknown): string {
  return error instanceof Error && 'code' in error ? String(error.code) : 'no code';
}
