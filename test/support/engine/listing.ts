import {
  limits,
  parseObjectId,
  type ListRequest,
  type ObjectId,
  type Scope,
} from '@holdfast/domain';
import { plain } from '@holdfast/testkit';
import assert from 'node:assert/strict';
import { large, small } from './payloads.js';
import {
  expiringAfter,
  idOf,
  useStore,
  type OpenTiers,
  type StoreUnderTest,
} from './store-under-test.js';

const context = { usecase: 'engine', scopes: [{ name: 'org', value: '17' }] } as const;
/** In the order of their bytes of UTF-8, which is not that of UTF-16. */
const keysInOrder = ['!', '0', 'A', 'a', 'a!', 'a/', 'a/b', 'aa', 'ü', '\ue000', '🗄'];

export function describeListing(openTiers: OpenTiers): void {
  const store = useStore(openTiers);

  describe('a listing', () => {
    it('is in the order of the storage paths, whatever the size of the objects', async () => {
      for (const [index, key] of keysInOrder.toReversed().entries()) {
        await store().store(idOf(key), index % 2 === 0 ? small(index) : large(index));
      }
      assert.deepEqual(await listKeys(store(), context), keysInOrder);
    });

    for (const pageSize of [1, 3, keysInOrder.length]) {
      it(`shows every object once in pages of ${pageSize}`, async () => {
        for (const key of keysInOrder) await store().store(idOf(key), small());
        assert.deepEqual(await listKeys(store(), { ...context, pageSize }), keysInOrder);
      });
    }

    it('carries the metadata of its objects', async () => {
      const stored = await store().store(idOf('one'), large(), expiringAfter(90_000));
      const [listed] = (await store().engine.listObjects(context)).objects;
      assert.deepEqual(plain(listed), plain({ id: idOf('one'), metadata: stored }));
    });

    it('shows what is there now: not what was deleted, nor what only has an intent', async () => {
      for (const key of ['a', 'b', 'c']) await store().store(idOf(key), large());
      await store().engine.deleteObject({ id: idOf('b') });
      const condition = {
        kind: 'if-revision',
        revision: (await store().store(idOf('z'), small())).revision,
      } as const;
      await store().engine.deleteObject({ id: idOf('z') });
      await store().put(idOf('d'), small(), { condition });
      assert.deepEqual(await listKeys(store(), context), ['a', 'c']);
    });

    it('goes on after an object that was deleted between two pages', async () => {
      for (const key of ['a', 'b', 'c']) await store().store(idOf(key), small());
      const first = await store().engine.listObjects({ ...context, pageSize: 2 });
      await store().engine.deleteObject({ id: idOf('b') });
      const pageToken = first.nextPageToken ?? assert.fail();
      assert.deepEqual(await listKeys(store(), { ...context, pageToken }), ['c']);
    });

    it('narrows to a usecase, to scopes and to the beginning of a key', async () => {
      const place = (usecase: string, scopes: readonly Scope[], key: string): ObjectId =>
        parseObjectId({ usecase, scopes, key });
      const org = { name: 'org', value: '1' };
      const team = { name: 'team', value: 'x' };
      const ids = [
        place('mail', [], 'k'),
        place('mail', [org], 'a1'),
        place('mail', [org], 'a2'),
        place('mail', [org], 'b'),
        place('mail', [org, team], 'a3'),
        place('mail', [{ name: 'org', value: '11' }], 'a4'),
        place('mails', [org], 'a5'),
      ];
      for (const id of ids) await store().store(id, small());
      const keys = (request: ListRequest) => listKeys(store(), request);
      assert.deepEqual((await keys({ usecase: 'mail', scopes: [] })).toSorted(), [
        'a1',
        'a2',
        'a3',
        'a4',
        'b',
        'k',
      ]);
      assert.deepEqual((await keys({ usecase: 'mail', scopes: [org] })).toSorted(), [
        'a1',
        'a2',
        'a3',
        'b',
      ]);
      assert.deepEqual(await keys({ usecase: 'mail', scopes: [org], keyPrefix: '' }), [
        'a1',
        'a2',
        'b',
      ]);
      assert.deepEqual(await keys({ usecase: 'mail', scopes: [org], keyPrefix: 'a' }), [
        'a1',
        'a2',
      ]);
      assert.deepEqual(await keys({ usecase: 'mail', scopes: [org, team] }), ['a3']);
      assert.deepEqual(await keys({ usecase: 'post', scopes: [] }), []);
    });

    it('refuses a token that is not of the same listing', async () => {
      for (const key of ['a', 'b', 'c']) await store().store(idOf(key), small());
      const first = await store().engine.listObjects({ ...context, pageSize: 1 });
      const token = first.nextPageToken ?? assert.fail();
      const elsewhere = { ...context, usecase: 'other' };
      const wrong: readonly ListRequest[] = [
        { ...elsewhere, pageToken: token },
        { ...context, keyPrefix: 'b', pageToken: token },
        { ...context, pageToken: '' },
        { ...context, pageToken: 'nonsense' },
        { ...context, pageToken: token.slice(2) },
        { ...context, pageToken: `2:${token.slice(2)}` },
        { ...context, pageToken: '1:engine/org.17/nonsense' },
        { ...context, pageToken: '1:engine/org.17/objects/' },
      ];
      for (const request of wrong) {
        await assert.rejects(store().engine.listObjects(request), { code: 'INVALID_PAGE' });
      }
    });

    it('refuses a page size that is no number of objects', async () => {
      for (const pageSize of [0, -1, 1.5, 1_001, Number.NaN]) {
        const listing = store().engine.listObjects({ ...context, pageSize });
        await assert.rejects(listing, { code: 'INVALID_PAGE' });
      }
    });

    it('may have pages of a thousand, and no larger ones', async () => {
      const keys = Array.from({ length: limits.pageSizeMax + 1 }, (_, at) => `${at}`);
      await Promise.all(keys.map((key) => store().store(idOf(key), small())));
      const pageSize = 1_000;
      assert.equal(pageSize, limits.pageSizeMax);
      const first = await store().engine.listObjects({ ...context, pageSize });
      assert.equal(first.objects.length, pageSize);
      const pageToken = first.nextPageToken;
      const rest = await store().engine.listObjects({ ...context, pageSize, pageToken });
      assert.deepEqual([rest.objects.length, rest.nextPageToken], [1, undefined]);
    });

    it('has pages of a hundred when no size is asked for', async () => {
      for (let at = 0; at < 101; at += 1) await store().store(idOf(`${at}`), small());
      const page = await store().engine.listObjects(context);
      assert.equal(page.objects.length, 100);
      assert.notEqual(page.nextPageToken, undefined);
    });
  });
}

/** The keys of all pages. */
async function listKeys(store: StoreUnderTest, request: ListRequest): Promise<readonly string[]> {
  const keys: string[] = [];
  let { pageToken } = request;
  do {
    const page = await store.engine.listObjects({ ...request, pageToken });
    assert(page.objects.length <= (request.pageSize ?? 100));
    keys.push(...page.objects.map(({ id }) => id.key));
    pageToken = page.nextPageToken;
  } while (pageToken !== undefined);
  return keys;
}
