import {
  encodeChange,
  encodeChangeKey,
  parseStoragePrefix,
  type Change,
  type ChangeId,
  type StoragePath,
} from '@holdfast/domain';
import assert from 'node:assert/strict';
import { createRowFixtures } from '@holdfast/testkit';
import { openTemporaryLmdbStore, type TemporaryLmdbStore } from '../support/lmdb-store.js';

/** More calls than the pages that any of these listings has. */
const callsMax = 50;
const keysOfOurs = 5;
const value = Buffer.of(1, 2, 3);

function keyOf(changeId: ChangeId): Buffer {
  return Buffer.from(encodeChangeKey(changeId));
}

function valueOf(change: Change): Buffer {
  return Buffer.from(encodeChange(change));
}

describe('an LMDB store with keys that are none of its own', () => {
  let store: TemporaryLmdbStore;
  let make: ReturnType<typeof createRowFixtures>;

  beforeEach(async () => {
    store = await openTemporaryLmdbStore();
    make = createRowFixtures(store.clock);
  });
  afterEach(() => store.remove());

  for (const pageSize of [1, 2, 3, 100]) {
    it(`lists every change and shows the rest, ${pageSize} at a time`, async () => {
      const changes = Array.from({ length: keysOfOurs }, () => ({
        changeId: make.changeId(),
        objectId: make.id(),
        deadline: store.clock.now(),
      }));
      const foreign = changes.flatMap(({ changeId }) => strangersAround(keyOf(changeId)));
      foreign.push(Buffer.from('another program'), Buffer.of(0), Buffer.alloc(16, 0xff));
      await store.tamper((environment) => {
        for (const key of foreign) void environment.changes.put(key, value);
        for (const change of changes) {
          void environment.changes.put(keyOf(change.changeId), valueOf(change));
        }
      });
      const { shown, undecided } = await collect(async (after: ChangeId | undefined) => {
        const page = await store.changeLog.list({ after, examinedMax: pageSize });
        return { ...page, items: page.changes.map(({ changeId }) => changeId) };
      });
      assert.deepEqual(shown, changes.map(({ changeId }) => changeId).toSorted());
      assert.equal(new Set(undecided).size, foreign.length);
      assert.equal(undecided.length, foreign.length);
    });

    it(`lists and sweeps every row and shows the rest, ${pageSize} at a time`, async () => {
      const ids = Array.from({ length: keysOfOurs }, (_, index) => make.id(`key-${index}`));
      const [first] = ids;
      assert(first);
      for (const id of ids) await store.highVolumeTier.putInline(id, make.inline('x'));
      const foreign = ids.flatMap(({ path }) => strangersWithin(Buffer.from(path)));
      await store.tamper(({ heads }) => {
        for (const key of foreign) void heads.put(key, value);
      });
      const prefix = parseStoragePrefix({ usecase: first.usecase, scopes: first.scopes });
      const listed = await collect(async (after: StoragePath | undefined) => {
        const page = await store.highVolumeTier.list(prefix, after, pageSize);
        return { ...page, items: page.objects.map(({ id }) => id.path) };
      });
      assert.deepEqual(
        listed.shown,
        ids.map(({ path }) => path),
      );
      assert.equal(new Set(listed.undecided).size, foreign.length);
      assert.equal(listed.undecided.length, foreign.length);

      const swept = await collect(async (after: StoragePath | undefined) => {
        const page = await store.highVolumeTier.listRows(after, pageSize);
        return { ...page, items: page.rows.map(({ id }) => id.path) };
      });
      assert.deepEqual(swept.shown, listed.shown);
      assert.equal(swept.undecided.length, foreign.length);
    });
  }

  it('shows a key as its text where it is one, and by its bytes where it is none', async () => {
    await store.tamper(({ heads, changes }) => {
      void heads.put(Buffer.from('no path'), value);
      void heads.put(Buffer.of(0x61, 0xff, 0x0a), value);
      void changes.put(Buffer.from('no id\n'), value);
    });
    const rows = await store.highVolumeTier.listRows(undefined, 10);
    assert.deepEqual(new Set<string>(rows.undecided), new Set(['no path', 'key 0x61ff0a']));
    const { undecided } = await store.changeLog.list({ examinedMax: 10 });
    assert.deepEqual(undecided, ['key 0x6e6f2069640a']);
  });
});

/** Keys directly before and after that of a change, which are too short, too long or of no UUIDv7. */
function strangersAround(key: Buffer): Buffer[] {
  const otherVersion = Buffer.from(key);
  otherVersion[6] = 0x4f;
  return [key.subarray(0, 15), Buffer.concat([key, Buffer.of(0)]), otherVersion];
}

/** Keys directly after that of a row, which are no UTF-8 or no path. */
function strangersWithin(key: Buffer): Buffer[] {
  const endings = [Buffer.of(0xff), Buffer.of(0xff, 0xfe), Buffer.of(0xc3), Buffer.of(0x01)];
  return endings.map((ending) => Buffer.concat([key, ending]));
}

interface Page<Cursor, Item> {
  readonly items: readonly Item[];
  readonly undecided: readonly string[];
  readonly next?: Cursor | undefined;
}

/** All pages of a listing, as long as it comes to an end. */
async function collect<Cursor, Item>(
  list: (after: Cursor | undefined) => Promise<Page<Cursor, Item>>,
): Promise<{ readonly shown: Item[]; readonly undecided: string[] }> {
  const shown: Item[] = [];
  const undecided: string[] = [];
  let after: Cursor | undefined;
  for (let call = 0; call < callsMax; call += 1) {
    const page = await list(after);
    shown.push(...page.items);
    undecided.push(...page.undecided);
    if (page.next === undefined) return { shown, undecided };
    after = page.next;
  }
  throw new Error(`the listing goes on after ${callsMax} pages`);
}
