import {
  parseStoragePrefix,
  type HighVolumeTier,
  type ListContext,
  type ListedObject,
  type ListedRow,
  type StoragePath,
  type StoragePrefix,
} from '@holdfast/domain';
import assert from 'node:assert/strict';
import { plain } from './row-fixtures.js';
import type { OpenHighVolumeTier } from './tier-under-test.js';
import { useEmptyTier } from './use-tier.js';

/** Far more pages than any listing here has, so that one that never ends fails. */
const pagesMax = 1_000;

export function describeListing(open: OpenHighVolumeTier): void {
  describe('listing', () => {
    const current = useEmptyTier(open);

    async function put(key: string, usecase = 'list', scope?: string): Promise<StoragePath> {
      const { tier, make } = current.get();
      const id = make.id(key, usecase, scope === undefined ? [] : [{ name: 's', value: scope }]);
      await tier.putInline(id, make.inline(key));
      return id.path;
    }

    async function listed(context: ListContext, limit = 100): Promise<string[]> {
      const prefix = parseStoragePrefix(context);
      return (await listAll(current.get().tier, prefix, limit)).map(({ id }) => id.path);
    }

    it('shows nothing of an empty tier', async () => {
      assert.deepEqual(await listed({ usecase: 'list', scopes: [] }), []);
    });

    it('goes by the order of UTF-8 bytes, in which four-byte characters come last', async () => {
      const ordered = [' ', '!', '/', '0', 'A', 'a', 'a/', 'a/b', 'aa', 'z', '\u00e9', '\ud7ff'];
      ordered.push('\ue000', '\uffff', '\u{10000}', '\u{1f600}', '\u{10ffff}');
      for (const key of ordered.toReversed()) await put(key);
      for (const limit of [1, 2, 3, 100]) {
        const paths = await listed({ usecase: 'list', scopes: [] }, limit);
        assert.deepEqual(
          paths,
          ordered.map((key) => `list/objects/${key}`),
        );
      }
    });

    it('keeps to the usecase: `a` is not a prefix of `ab`', async () => {
      const mine = await put('key', 'a');
      for (const usecase of ['ab', 'a-', 'a0', 'A', 'aa', 'b']) await put('key', usecase);
      assert.deepEqual(await listed({ usecase: 'a', scopes: [] }), [mine]);
    });

    it('keeps to whole scopes: `s.1` is not a prefix of `s.10`', async () => {
      const mine = await put('key', 'list', '1');
      for (const scope of ['10', '1-', '1+', '0', '2']) await put('key', 'list', scope);
      await put('s.1/objects/key');
      const scopes = [{ name: 's', value: '1' }];
      assert.deepEqual(await listed({ usecase: 'list', scopes }), [mine]);
    });

    it('includes deeper scopes unless a key prefix is given', async () => {
      const deep = await put('deep', 'list', '1');
      const shallow = await put('shallow');
      const all = await listed({ usecase: 'list', scopes: [] });
      assert.deepEqual(all.toSorted(), [deep, shallow].toSorted());
      const own = await listed({ usecase: 'list', scopes: [], keyPrefix: '' });
      assert.deepEqual(own, [shallow]);
    });

    it('takes a key prefix as the beginning of keys, up to any character', async () => {
      for (const key of ['p', 'pa', 'pa/x', 'p\u{1f600}', 'p\uffff', 'q', 'o', 'P']) await put(key);
      const context = { usecase: 'list', scopes: [] };
      const keysOf = async (keyPrefix: string): Promise<string[]> =>
        (await listed({ ...context, keyPrefix })).map((path) => path.slice('list/objects/'.length));
      assert.deepEqual(await keysOf('p'), ['p', 'pa', 'pa/x', 'p\uffff', 'p\u{1f600}']);
      assert.deepEqual(await keysOf('pa'), ['pa', 'pa/x']);
      assert.deepEqual(await keysOf('p\u{1f600}'), ['p\u{1f600}']);
      assert.deepEqual(await keysOf('r'), []);
    });

    it('begins after `after`, whether or not that row is still there', async () => {
      const { tier, make } = current.get();
      const paths = [await put('a'), await put('b'), await put('c')];
      await tier.deleteInline(make.id('b', 'list'));
      const prefix = parseStoragePrefix({ usecase: 'list', scopes: [] });
      const after = async (path: StoragePath | undefined): Promise<string[]> =>
        (await listAll(tier, prefix, 10, path)).map(({ id }) => id.path);
      assert.deepEqual(await after(paths[0]), [paths[2]]);
      assert.deepEqual(await after(paths[1]), [paths[2]]);
      assert.deepEqual(await after(paths[2]), []);
      assert.deepEqual(await after(make.id('x', 'aaa').path), [paths[0], paths[2]]);
      assert.deepEqual(await after(make.id('x', 'zzz').path), []);
    });

    it('pages through every live object exactly once, past rows that do not count', async () => {
      const { tier, clock, make } = current.get();
      const expected: string[] = [];
      for (let index = 0; index < 40; index += 1) {
        const key = `key-${String(index).padStart(2, '0')}`;
        const lives = index % 10 === 3;
        const expiry = lives ? {} : make.expiringIn(1_000);
        const id = make.id(key, 'list');
        await tier.putInline(id, make.inline(key, expiry));
        if (lives) expected.push(id.path);
        await tier.begin(make.id(`${key}-intent-only`, 'list'), make.changeId());
      }
      clock.advance(1_000);
      for (const limit of [1, 2, 7, 39, 40, 41, 1_000]) {
        assert.deepEqual(await listed({ usecase: 'list', scopes: [] }, limit), expected);
      }
    });

    it('shows metadata of inline objects and of tombstones alike', async () => {
      const { tier, make } = current.get();
      const [small, large] = [make.id('1-small', 'list'), make.id('2-large', 'list')];
      const inline = make.inline('small', make.expiringIn(9_000));
      const tombstone = make.tombstone(large, { custom: new Map([['name', 'value']]) });
      const changeId = make.changeId();
      await tier.putInline(small, inline);
      await tier.begin(large, changeId);
      await tier.commit(large, changeId, tombstone);
      const prefix = parseStoragePrefix({ usecase: 'list', scopes: [] });
      assert.deepEqual(
        plain(await listAll(tier, prefix, 10)),
        plain([
          { id: small, metadata: inline.metadata },
          { id: large, metadata: tombstone.metadata },
        ]),
      );
    });
  });

  describe('listing rows', () => {
    const current = useEmptyTier(open);

    it('shows what each row holds, in every usecase, whether or not it has expired', async () => {
      const { tier, clock, make } = current.get();
      const ids = [
        make.id('b-inline', 'one'),
        make.id('c-for-ever', 'one'),
        make.id('a-large', 'two'),
      ] as const;
      const inline = make.inline('x', make.expiringIn(1_000));
      const forEver = make.inline('for ever');
      const tombstone = make.tombstone(ids[2], make.expiringIn(1_000));
      const changeId = make.changeId();
      await tier.putInline(ids[0], inline);
      await tier.putInline(ids[1], forEver);
      await tier.begin(ids[2], changeId);
      await tier.commit(ids[2], changeId, tombstone);
      await tier.begin(make.id('intent-only', 'one'), make.changeId());
      const expected = plain([
        { id: ids[0], metadata: inline.metadata },
        { id: ids[1], metadata: forEver.metadata },
        { id: ids[2], metadata: tombstone.metadata, blob: tombstone.blob },
      ]);
      for (const passMs of [0, 1_000]) {
        clock.advance(passMs);
        for (const examinedMax of [1, 2, 3, 4, 100]) {
          assert.deepEqual(plain(await rowsAll(tier, examinedMax)), expected);
        }
      }
    });

    it('no longer shows a row that was deleted, and a replaced one as it is', async () => {
      const { tier, make } = current.get();
      const [deleted, replaced] = [make.id('deleted'), make.id('replaced')];
      const now = make.inline('new');
      for (const id of [deleted, replaced]) {
        await tier.putInline(id, make.inline('x', make.expiringIn(1_000)));
      }
      await tier.deleteInline(deleted);
      await tier.putInline(replaced, now);
      const rows = await rowsAll(tier, 100);
      assert.deepEqual(plain(rows), plain([{ id: replaced, metadata: now.metadata }]));
    });

    it('looks at no more rows than it was told to', async () => {
      const { tier, make } = current.get();
      for (let index = 0; index < 10; index += 1) {
        await tier.putInline(make.id(), make.inline('x'));
      }
      const page = await tier.listRows(undefined, 4);
      assert.equal(page.rows.length, 4);
      assert.ok(page.next !== undefined);
    });
  });
}

async function listAll(
  tier: HighVolumeTier,
  prefix: StoragePrefix,
  limit: number,
  start?: StoragePath,
): Promise<ListedObject[]> {
  const objects: ListedObject[] = [];
  let after = start;
  for (let page = 0; page < pagesMax; page += 1) {
    const { objects: found, next } = await tier.list(prefix, after, limit);
    assert.ok(found.length <= limit, `a page of ${found.length} for a limit of ${limit}`);
    objects.push(...found);
    if (next === undefined) return objects;
    after = next;
  }
  throw new Error('the listing does not end');
}

async function rowsAll(tier: HighVolumeTier, examinedMax: number): Promise<ListedRow[]> {
  const rows: ListedRow[] = [];
  let after: StoragePath | undefined;
  for (let page = 0; page < pagesMax; page += 1) {
    const { rows: found, next } = await tier.listRows(after, examinedMax);
    assert.ok(found.length <= examinedMax, `${found.length} rows of at most ${examinedMax}`);
    rows.push(...found);
    if (next === undefined) return rows;
    after = next;
  }
  throw new Error('the listing does not end');
}
