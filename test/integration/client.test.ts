import assert from 'node:assert/strict';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { pathToFileURL } from 'node:url';
import {
  bytesOf,
  collect,
  createClientFixture,
  failure,
  KiB,
  MiB,
} from '../support/client-fixture.js';

const id = { usecase: 'photos', scopes: [['org', '42']], key: '2026/cat.jpg' } as const;

describe('a client', () => {
  const fixture = createClientFixture();
  afterEach(() => fixture.close());

  it('puts and gets a blob', async () => {
    const { client } = await fixture.start();
    const payload = bytesOf(1_000);
    const stored = await client.put(id, payload);
    const found = await client.get('photos/org=42:2026/cat.jpg');
    assert.deepEqual(await found.bytes(), payload);
    assert.deepEqual(found.info.id, {
      usecase: 'photos',
      scopes: [{ name: 'org', value: '42' }],
      key: '2026/cat.jpg',
    });
    assert.equal(found.info.revision, stored.revision);
    assert.equal(found.info.size, 1_000);
    assert.equal(found.info.crc32c, stored.crc32c);
    assert.deepEqual(found.span, { offset: 0, length: 1_000 });
  });

  const sizes = [0, 1, 256 * KiB, 256 * KiB + 1, MiB, MiB + 1, 3 * MiB + 17];
  for (const size of sizes) {
    it(`brings ${size} bytes back as they were, whatever they come from`, async () => {
      const { client } = await fixture.start();
      const payload = bytesOf(size);
      const pieces = Array.from({ length: Math.ceil(size / 100_000) }, (_, at) =>
        payload.subarray(at * 100_000, (at + 1) * 100_000),
      );
      await client.put('photos:bytes', payload);
      await client.put('photos:stream', Readable.from(pieces));
      for (const key of ['bytes', 'stream']) {
        const whole = await client.get({ usecase: 'photos', key });
        assert.deepEqual(Buffer.from(await whole.bytes()), payload);
        const chunks = await collect((await client.get({ usecase: 'photos', key })).body);
        assert.deepEqual(Buffer.concat(chunks), payload);
      }
    });
  }

  it('sends what is small in a batch, and streams the rest', async () => {
    const { server, client } = await fixture.start();
    await client.put('photos:small', bytesOf(256 * KiB));
    await client.put('photos:gathered', Readable.from([bytesOf(100 * KiB), bytesOf(156 * KiB)]));
    await client.put('photos:large', bytesOf(256 * KiB + 1));
    await client.get('photos:small');
    await client.put('photos:larger', bytesOf(2 * MiB));
    await (await client.get('photos:larger')).bytes();
    assert.deepEqual(server.served, [
      'batch put',
      'batch put',
      'PutObject',
      'batch get',
      'PutObject',
      'batch get',
      'GetObject',
    ]);
  });

  it('tells the gateway that it repeats calls itself', async () => {
    const { server, client } = await fixture.start({ metadata: { authorization: 'Bearer x' } });
    await client.put('photos:a', 'a');
    await client.put('photos:b', bytesOf(MiB));
    await collect(client.list('photos'));
    assert.equal(server.metadata.length, 3);
    for (const metadata of server.metadata) {
      assert.deepEqual(metadata.get('holdfast-retries'), ['caller']);
      assert.deepEqual(metadata.get('authorization'), ['Bearer x']);
    }
  });

  it('stores text as UTF-8, and files', async () => {
    const { client } = await fixture.start();
    await client.put('photos:text', 'größer 🐈');
    assert.equal(await (await client.get('photos:text')).text(), 'größer 🐈');
    const directory = await mkdtemp(join(tmpdir(), 'client-'));
    for (const size of [0, 100, 256 * KiB, 512 * KiB, 900 * KiB]) {
      const file = join(directory, `of ${size} bytes`);
      const payload = bytesOf(size);
      await writeFile(file, payload);
      await client.put('photos:path', { file });
      assert.deepEqual(Buffer.from(await (await client.get('photos:path')).bytes()), payload);
      await client.put('photos:url', { file: pathToFileURL(file) });
      assert.equal((await client.head('photos:url')).size, size);
    }
    await assert.rejects(client.put('photos:none', { file: join(directory, 'none') }), {
      code: 'ENOENT',
    });
    await rm(directory, { recursive: true });
  });

  it('keeps metadata as it was given, and fills in the defaults', async () => {
    const { client } = await fixture.start();
    const metadata = {
      contentType: 'image/jpeg',
      contentEncoding: 'zstd',
      expiration: { kind: 'ttl', ms: 90_500 },
      origin: 'camera 7',
      fileName: 'Kätzchen.jpg',
      custom: { mood: 'sleepy', empty: '' },
    } as const;
    await client.put(id, 'x', { metadata });
    const info = await client.head(id);
    assert.deepEqual(info.metadata, {
      ...metadata,
      custom: new Map([
        ['mood', 'sleepy'],
        ['empty', ''],
      ]),
    });
    assert.equal(Number(info.timeExpires) - Number(info.timeCreated), 90_500);

    await client.put('photos:copy', 'x', { metadata: info.metadata });
    assert.deepEqual((await client.head('photos:copy')).metadata, info.metadata);

    await client.put('photos:plain', 'x');
    const plain = await client.head('photos:plain');
    assert.equal(plain.metadata.contentType, 'application/octet-stream');
    assert.deepEqual(plain.metadata.expiration, { kind: 'manual' });
    assert.equal(plain.timeExpires, undefined);
    assert.ok(plain.timeCreated instanceof Date);
  });

  it('makes a key for an object that has none', async () => {
    const { client } = await fixture.start();
    const first = await client.put({ usecase: 'photos' }, 'a');
    const second = await client.put('photos/org=42:', 'b');
    assert.match(
      first.id.key,
      /^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/,
    );
    assert.deepEqual(second.id.scopes, [{ name: 'org', value: '42' }]);
    assert.notEqual(first.id.key, second.id.key);
    assert.equal(await (await client.get(first.id)).text(), 'a');
  });

  it('answers ranges of small and of large payloads', async () => {
    const { client } = await fixture.start();
    for (const size of [1_000, 4 * MiB]) {
      const payload = bytesOf(size);
      await client.put(id, payload);
      const ranges = [
        [{ first: 0, last: 99 }, payload.subarray(0, 100)],
        [{ first: 100 }, payload.subarray(100)],
        [{ suffix: 100 }, payload.subarray(-100)],
        [{ first: size - 1, last: size * 2 }, payload.subarray(-1)],
      ] as const;
      for (const [range, expected] of ranges) {
        const found = await client.get(id, { range });
        assert.equal(found.info.size, size);
        assert.equal(found.span.length, expected.length);
        assert.deepEqual(Buffer.from(await found.bytes()), expected);
      }
      const beyond = client.get(id, { range: { first: size } });
      await assert.rejects(beyond, failure('OUT_OF_RANGE', 'RANGE_NOT_SATISFIABLE'));
    }
  });

  it('keeps conditions, and says which revision is there', async () => {
    const { client } = await fixture.start();
    const first = await client.put(id, 'a', { ifAbsent: true });
    await assert.rejects(client.put(id, 'b', { ifAbsent: true }), (error) => {
      assert.ok(failure('FAILED_PRECONDITION', 'OBJECT_EXISTS')(error));
      assert.equal((error as { info: Record<string, string> }).info['revision'], first.revision);
      return true;
    });
    const second = await client.put(id, bytesOf(MiB), { ifRevision: first.revision });
    const stale = { ifRevision: first.revision };
    const mismatch = failure('FAILED_PRECONDITION', 'REVISION_MISMATCH');
    await assert.rejects(client.put(id, 'c', stale), mismatch);
    await assert.rejects(client.get(id, stale), mismatch);
    await assert.rejects(client.head(id, stale), mismatch);
    await assert.rejects(client.delete(id, stale), mismatch);
    const deleted = await client.delete(id, { ifRevision: second.revision });
    assert.equal(deleted.deletedRevision, second.revision);
    assert.deepEqual(await client.delete(id), { deletedRevision: undefined });
  });

  it('says what was not there', async () => {
    const { client } = await fixture.start();
    await assert.rejects(client.get(id), failure('NOT_FOUND', 'OBJECT_NOT_FOUND'));
    await assert.rejects(client.head(id), failure('NOT_FOUND', 'OBJECT_NOT_FOUND'));
  });

  it('refuses what is wrong without a call, and names the field', async () => {
    const { server, client } = await fixture.start();
    const wrong = {
      'object_id.usecase': () => client.head({ usecase: 'no good', key: 'a' }),
      'object_id.key': () => client.get('photos:\u0007'),
      reference: () => client.delete('photos'),
      'metadata.content_type': () => client.put(id, 'x', { metadata: { contentType: 'ä' } }),
      'range.first': () => client.get(id, { range: { first: -1 } }),
      ifRevision: () => client.put(id, 'x', { ifAbsent: true, ifRevision: 'x' }),
      deadlineMs: () => client.head(id, { deadlineMs: 0 }),
    };
    for (const [field, call] of Object.entries(wrong)) {
      await assert.rejects(call(), (error) => {
        assert.ok(failure('INVALID_ARGUMENT')(error));
        const { violations } = error as { violations: readonly { field: string }[] };
        assert.equal(violations[0]?.field, field);
        return true;
      });
    }
    for (const address of ['localhost', 'localhost:', ':7100', 'localhost:70000']) {
      assert.throws(() => fixture.client(address), failure('INVALID_ARGUMENT', 'INVALID_ADDRESS'));
    }
    assert.throws(() => client.list('no good'), failure('INVALID_ARGUMENT', 'INVALID_OBJECT_ID'));
    assert.deepEqual(server.served, []);
  });

  it('lists page by page, and no page before it is asked for', async () => {
    const { server, client } = await fixture.start();
    for (const key of ['a', 'b', 'c', 'd', 'e']) await client.put({ ...id, key }, key);
    await client.put({ ...id, scopes: [], key: 'x' }, 'x');
    const keys = async (what: string, pageSize: number): Promise<string[]> =>
      (await collect(client.list(what, { pageSize }))).map((info) => info.id.key);
    assert.deepEqual(await keys('photos', 2), ['x', 'a', 'b', 'c', 'd', 'e']);
    assert.deepEqual(await keys('photos/org=42', 2), ['a', 'b', 'c', 'd', 'e']);
    assert.deepEqual(await keys('photos:', 2), ['x']);
    assert.deepEqual(await keys('photos/org=42:c', 2), ['c']);

    server.served.length = 0;
    const list = client.list({ usecase: 'photos', scopes: [['org', '42']] }, { pageSize: 2 });
    assert.deepEqual(server.served, []);
    let pageToken: string | undefined;
    for await (const page of list.pages()) {
      pageToken = page.nextPageToken;
      break;
    }
    assert.equal(server.served.length, 1);
    const rest = await collect(client.list('photos/org=42', { pageSize: 2, pageToken }));
    assert.deepEqual(
      rest.map((info) => info.id.key),
      ['c', 'd', 'e'],
    );
  });

  it('lets the payload of a download be read once', async () => {
    const { client } = await fixture.start();
    await client.put(id, 'abc');
    const found = await client.get(id);
    await found.bytes();
    await assert.rejects(found.text(), TypeError);
  });

  it('reports the progress of streams', async () => {
    const { client } = await fixture.start();
    const seen: { bytes: number; total: number | undefined }[] = [];
    const onProgress = (progress: { bytes: number; total: number | undefined }): void => {
      seen.push(progress);
    };
    await client.put(id, bytesOf(600 * KiB), { onProgress });
    assert.deepEqual(seen.at(-1), { bytes: 600 * KiB, total: 600 * KiB });
    assert.equal(seen.length, 3);
    seen.length = 0;
    await (await client.get(id, { onProgress })).bytes();
    assert.deepEqual(seen, [{ bytes: 600 * KiB, total: 600 * KiB }]);
  });

  it('takes no calls after it was closed', async () => {
    const { client } = await fixture.start();
    await client.put(id, 'a');
    await client.close();
    await assert.rejects(client.head(id), failure('CANCELLED'));
    await assert.rejects(client.put(id, bytesOf(MiB)), failure('CANCELLED'));
    await assert.rejects(client.connect(), failure('UNAVAILABLE'));
  });
});
