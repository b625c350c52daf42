import { object } from '@holdfast/contracts';
import type { ObjectMetadata } from '@holdfast/domain';
import assert from 'node:assert/strict';
import { failNext, holdNext } from '../../support/engine/hold.js';
import { large, small } from '../../support/engine/payloads.js';
import { unavailable } from '../../support/engine/situations.js';
import {
  expiringAfter,
  idOf,
  plainMetadata,
  useStore,
} from '../../support/engine/store-under-test.js';
import { openMemoryTiers } from '../../support/memory-tiers.js';
import { createCall } from './fake-call.js';
import { isFault } from './faults.js';
import { messageId, serve } from './service-under-test.js';

const id = idOf('a');
const objectId = messageId('a');
const other = '01890000-0000-7000-8000-000000000000';

describe('HeadObject', () => {
  const store = useStore(openMemoryTiers);

  it('describes an object, small or large, as its writer left it', async () => {
    const { head } = serve(store());
    for (const bytes of [small(), large()]) {
      const { revision, timeCreated, timeExpires } = await store().store(id, bytes, {
        ...expiringAfter(60_000),
      });
      const { object: info } = await head({ objectId }, createCall().context);
      assert.deepEqual(info?.objectId, objectId);
      assert.deepEqual([info.revision, info.size], [revision, BigInt(bytes.length)]);
      assert.equal(info.timeCreated?.getTime(), timeCreated);
      assert.equal(info.timeExpires?.getTime(), timeExpires);
      assert.equal(info.metadata?.contentType, 'application/octet-stream');
    }
  });

  it('answers OBJECT_NOT_FOUND for what is not there, with a revision too', async () => {
    const { head } = serve(store());
    const calls = [
      head({ objectId }, createCall().context),
      head({ objectId, ifRevision: other }, createCall().context),
    ];
    for (const call of calls) await assert.rejects(call, { reason: 'OBJECT_NOT_FOUND' });
  });

  it('answers only the revision asked for', async () => {
    const { head } = serve(store());
    const { revision } = await store().store(id, small());
    const { object: info } = await head({ objectId, ifRevision: revision }, createCall().context);
    assert.equal(info?.revision, revision);
    await assert.rejects(head({ objectId, ifRevision: other }, createCall().context), {
      reason: 'REVISION_MISMATCH',
      info: { revision },
    });
    await assert.rejects(
      head({ objectId, ifRevision: 'x' }, createCall().context),
      isFault('INVALID_CONDITION', 'if_revision'),
    );
  });
});

describe('DeleteObject', () => {
  const store = useStore(openMemoryTiers);

  it('succeeds for what is not there, with a revision too', async () => {
    const { remove } = serve(store());
    const none = { deletedRevision: undefined };
    assert.deepEqual(await remove({ objectId }, createCall().context), none);
    assert.deepEqual(await remove({ objectId, ifRevision: other }, createCall().context), none);
  });

  it('says which revision was deleted where it is known', async () => {
    const { remove } = serve(store());
    const { revision } = await store().store(id, large());
    const answer = await remove({ objectId }, createCall().context);
    assert.equal(answer.deletedRevision, revision);
    await store().store(id, small());
    await remove({ objectId }, createCall().context);
    assert.equal(await store().fetch(id), undefined);
  });

  it('deletes only the revision asked for', async () => {
    const { remove } = serve(store());
    const { revision } = await store().store(id, small());
    await assert.rejects(remove({ objectId, ifRevision: other }, createCall().context), {
      reason: 'REVISION_MISMATCH',
      info: { revision },
    });
    await remove({ objectId, ifRevision: revision }, createCall().context);
    assert.equal(await store().fetch(id), undefined);
  });

  it('an operation runs to completion although its caller is gone, and its permit is released then', async () => {
    const service = serve(store());
    await store().store(id, large());
    const commit = holdNext(store().highVolume, 'commit');
    const call = createCall();
    const removing = service.remove({ objectId }, call.context);
    await commit.reached;
    call.abort();
    assert.equal(service.admission.inFlight(), 1);
    commit.release();
    await removing;
    assert.equal(await store().fetch(id), undefined);
    assert.equal(service.admission.inFlight(), 0);
  });

  it('releases its permit when the storage fails', async () => {
    const service = serve(store());
    failNext(store().highVolume, 'deleteInline', unavailable());
    await assert.rejects(service.remove({ objectId }, createCall().context), {
      code: 'TIER_UNAVAILABLE',
    });
    assert.equal(service.admission.inFlight(), 0);
  });
});

describe('ListObjects', () => {
  const store = useStore(openMemoryTiers);
  const asked = { usecase: 'engine', scopes: [], pageSize: 0, pageToken: '' };

  async function list(
    more: Partial<object.ListObjectsRequest> = {},
  ): Promise<object.ListObjectsResponse> {
    const bytes = await serve(store()).list({ ...asked, ...more }, createCall().context);
    assert(bytes.length <= 2 * 1024 * 1024, 'it fits a message');
    return object.ListObjectsResponse.decode(bytes);
  }

  async function fill(
    count: number,
    more: { metadata?: ObjectMetadata | typeof plainMetadata } = {},
  ): Promise<readonly string[]> {
    const keys = Array.from({ length: count }, (_, n) => `key-${String(n).padStart(4, '0')}`);
    for (const key of keys) await store().store(idOf(key), small(), more);
    return keys;
  }

  function keysOf({ objects }: object.ListObjectsResponse): readonly (string | undefined)[] {
    return objects.map((info) => info.objectId?.key);
  }

  it('answers a hundred objects where no number is given, and goes on with its token', async () => {
    const keys = await fill(130);
    const first = await list();
    assert.deepEqual(keysOf(first), keys.slice(0, 100));
    const second = await list({ pageToken: first.nextPageToken });
    assert.deepEqual(keysOf(second), keys.slice(100));
    assert.equal(second.nextPageToken, '');
  });

  it('tells scopes without a key prefix from exactly these scopes', async () => {
    const keys = await fill(3);
    const scopes = [{ name: 'org', value: '17' }];
    assert.deepEqual(keysOf(await list({ keyPrefix: '' })), []);
    assert.deepEqual(keysOf(await list({ scopes, keyPrefix: '' })), keys);
    assert.deepEqual(keysOf(await list({ scopes, keyPrefix: 'key-0001' })), keys.slice(1, 2));
  });

  it('refuses a page that is too large, and the token of another list', async () => {
    await assert.rejects(list({ pageSize: 1_001 }), isFault('INVALID_PAGE', 'page_size'));
    await assert.rejects(list({ pageToken: 'x' }), isFault('INVALID_PAGE', 'page_token'));
    await assert.rejects(list({ usecase: '' }), isFault('INVALID_OBJECT_ID', 'usecase'));
  });

  it('answers fewer objects than asked for where their metadata would not fit a message', async () => {
    const custom = new Map([['name', 'x'.repeat(8_000)]]);
    const keys = await fill(400, { metadata: { ...plainMetadata, custom } });
    const found: (string | undefined)[] = [];
    let pages = 0;
    for (let pageToken = ''; pages === 0 || pageToken !== ''; pages += 1) {
      const page = await list({ pageSize: 1_000, pageToken });
      found.push(...keysOf(page));
      pageToken = page.nextPageToken;
    }
    assert.deepEqual(found, keys);
    assert.equal(pages, 2);
  });
});
