import assert from 'node:assert/strict';
import { startCluster, type Cluster } from '../support/cluster.js';
import { failed, openLoaderClient, type LoaderClient } from '../support/loader-client.js';
import type { IdMessage, InfoMessage } from '../support/loader-messages.js';
import {
  chunksOf,
  crc32cOf,
  finishOf,
  KiB,
  MiB,
  randomPayload,
} from '../support/loader-payloads.js';

const scopes = [{ name: 'org', value: '42' }];

for (const name of ['gateway', 'tieredStore'] as const) {
  describe(`the object service of the ${name}`, () => {
    let cluster: Cluster;
    let client: LoaderClient;

    before(async () => {
      cluster = await startCluster();
      client = openLoaderClient(cluster[name].address);
    });

    after(async () => {
      client.close();
      await cluster.close();
    });

    function idOf(key: string): IdMessage {
      return { usecase: 'e2e', scopes, key };
    }

    function put(key: string, payload: Buffer, more: object = {}) {
      return client.put({ objectId: idOf(key), ...more }, chunksOf(payload), finishOf(payload));
    }

    async function head(key: string): Promise<InfoMessage> {
      const request = { objectId: idOf(key) };
      const answer = await client.unary<{ object: InfoMessage }>(['object', 'HeadObject'], request);
      return answer.object;
    }

    it('keeps what a writer says about an object', async () => {
      const payload = randomPayload(1_234);
      const metadata = {
        contentType: 'image/png',
        contentEncoding: 'zstd',
        expiration: { ttl: { seconds: 3_600 } },
        origin: 'upload form',
        fileName: 'Katze 😺.png',
        custom: [{ name: 'colour', value: 'grün' }],
      };
      const stored = await put('said', payload, { metadata });
      const { header, payload: read } = await client.get({ objectId: idOf('said') });

      assert.deepEqual(read, payload);
      assert.deepEqual(header.object.objectId, idOf('said'));
      assert.equal(header.object.revision, stored.revision);
      assert.equal(header.object.size, payload.length);
      assert.equal(header.object.crc32c, crc32cOf(payload));
      assert.deepEqual(plain(header.object.metadata), {
        ...metadata,
        expiration: { policy: 'ttl', ttl: { seconds: 3_600 } },
      });
      const lifetime =
        (header.object.timeExpires?.seconds ?? 0) - (header.object.timeCreated.seconds ?? 0);
      assert.equal(lifetime, 3_600);
      assert.deepEqual(await head('said'), header.object);
    });

    it('names an object itself when its writer does not', async () => {
      const { objectId } = await client.put(
        { objectId: { usecase: 'e2e', scopes } },
        [Buffer.from('unnamed')],
        { size: 7 },
      );
      assert.match(objectId.key ?? '', /^[0-9a-f]{8}-[0-9a-f]{4}-7/);
      assert.equal((await client.get({ objectId })).payload.toString(), 'unnamed');
    });

    it('puts only where the condition holds', async () => {
      for (const [key, size] of [
        ['condition-small', 10],
        ['condition-large', 2 * MiB],
      ] as const) {
        const payload = randomPayload(size);
        const first = await put(key, payload, { condition: { ifAbsent: true } });
        const again = await failed(put(key, payload, { condition: { ifAbsent: true } }));
        assert.equal(again.code, 'FAILED_PRECONDITION');
        assert.equal(again.reason, 'OBJECT_EXISTS');
        assert.equal(again.info?.['revision'], first.revision);

        const second = await put(key, payload, { condition: { ifRevision: first.revision } });
        const late = await failed(put(key, payload, { condition: { ifRevision: first.revision } }));
        assert.equal(late.reason, 'REVISION_MISMATCH');
        assert.equal(late.info?.['revision'], second.revision);
      }
    });

    it('reads one revision, or says that it is not there', async () => {
      const first = await put('revised', Buffer.from('one'));
      const second = await put('revised', Buffer.from('two'));
      const mismatch = client.get({ objectId: idOf('revised'), ifRevision: first.revision });
      assert.equal((await failed(mismatch)).reason, 'REVISION_MISMATCH');
      const read = await client.get({ objectId: idOf('revised'), ifRevision: second.revision });
      assert.equal(read.payload.toString(), 'two');
      const nothing = await failed(client.get({ objectId: idOf('never') }));
      assert.deepEqual([nothing.code, nothing.reason], ['NOT_FOUND', 'OBJECT_NOT_FOUND']);
    });

    it('deletes once, and finds nothing to delete after that', async () => {
      const remove = (more: object = {}) =>
        client.unary<{ deletedRevision?: string }>(['object', 'DeleteObject'], {
          objectId: idOf('deleted'),
          ...more,
        });
      await put('deleted', randomPayload(3 * MiB));
      const { revision } = await put('deleted', Buffer.from('x'));
      assert.equal((await failed(remove({ ifRevision: 'no-such' }))).code, 'INVALID_ARGUMENT');
      const other = '01890000-0000-7000-8000-000000000000';
      assert.equal((await failed(remove({ ifRevision: other }))).reason, 'REVISION_MISMATCH');
      // Where the server had no need to look, it does not say.
      const { deletedRevision = revision } = await remove({ ifRevision: revision });
      assert.equal(deletedRevision, revision);
      assert.equal((await remove()).deletedRevision, undefined);
      assert.equal((await failed(head('deleted'))).reason, 'OBJECT_NOT_FOUND');
    });

    it('refuses what is wrong with the field that is', async () => {
      const wrong = await failed(put('', Buffer.from('x'), { objectId: { usecase: 'no good' } }));
      assert.equal(wrong.code, 'INVALID_ARGUMENT');
      assert.equal(wrong.reason, 'INVALID_OBJECT_ID');
      assert.ok(
        wrong.fields?.some((field) => field.includes('usecase')) === true,
        String(wrong.fields),
      );

      const payload = Buffer.from('right');
      const header = { objectId: idOf('wrong') };
      const size = await failed(client.put(header, [payload], { size: 4 }));
      assert.deepEqual([size.reason, size.fields], ['CONTENT_MISMATCH', ['finish.size']]);
      const crc32c = { size: 5, crc32c: 1 };
      const sum = await failed(client.put(header, [payload], crc32c));
      assert.deepEqual([sum.reason, sum.fields], ['CONTENT_MISMATCH', ['finish.crc32c']]);
      assert.equal((await failed(head('wrong'))).code, 'NOT_FOUND');
    });

    it('refuses messages out of order, large or small', async () => {
      const objectId = idOf('disorder');
      const large = [...chunksOf(randomPayload(2 * MiB))].map((chunk) => ({ chunk }));
      const disorders = [
        [],
        [{ header: { objectId } }],
        [{ chunk: Buffer.from('x') }, { finish: { size: 1 } }],
        [{ header: { objectId } }, { header: { objectId } }, { finish: { size: 0 } }],
        [{ header: { objectId } }, {}, { finish: { size: 0 } }],
        [{ header: { objectId } }, { finish: { size: 0 } }, { chunk: Buffer.from('x') }],
        [{ header: { objectId } }, ...large],
        [{ header: { objectId } }, ...large, { header: { objectId } }],
        [{ header: { objectId } }, ...large, {}, { finish: { size: 2 * MiB } }],
      ];
      for (const messages of disorders) {
        const upload = client.openUpload();
        for (const message of messages) await upload.send(message);
        upload.call.end();
        const { code, reason } = await failed(upload.answer);
        assert.deepEqual([code, reason], ['INVALID_ARGUMENT', 'INVALID_STREAM'], shape(messages));
      }
      assert.equal((await failed(head('disorder'))).code, 'NOT_FOUND');
    });

    it('names each call as its caller does', async () => {
      const upload = client.openUpload({ metadata: { 'x-request-id': 'asked-for-this' } });
      const answered = new Promise<string>((resolve) => {
        upload.call.once('metadata', (metadata: { get(name: string): unknown[] }) => {
          resolve(String(metadata.get('x-request-id')[0]));
        });
      });
      await upload.send({ header: { objectId: idOf('named') } });
      await upload.send({ finish: { size: 0 } });
      upload.call.end();
      await upload.answer;
      assert.equal(await answered, 'asked-for-this');
    });

    it('reads ranges, and says how far one can go', async () => {
      const payload = randomPayload(300 * KiB);
      await put('ranged', payload);
      const read = async (range: object) =>
        (await client.get({ objectId: idOf('ranged'), range })).payload;
      assert.deepEqual(await read({ first: 0, last: 0 }), payload.subarray(0, 1));
      assert.deepEqual(await read({ first: 100 }), payload.subarray(100));
      assert.deepEqual(await read({ suffix: 100 }), payload.subarray(-100));
      assert.deepEqual(await read({ first: 5, last: 9_999_999 }), payload.subarray(5));
      const beyond = await failed(read({ first: payload.length }));
      assert.deepEqual([beyond.code, beyond.reason], ['OUT_OF_RANGE', 'RANGE_NOT_SATISFIABLE']);
      assert.equal(beyond.info?.['size'], String(payload.length));
      assert.equal((await failed(read({}))).reason, 'INVALID_RANGE');
      assert.equal((await failed(read({ suffix: 1, last: 4 }))).reason, 'INVALID_RANGE');
    });
  });
}

/** Without the names of unions that the loader adds. */
function plain(metadata: object): object {
  return JSON.parse(
    JSON.stringify(metadata, (name, value: unknown) => (name.startsWith('_') ? undefined : value)),
  ) as object;
}

function shape(messages: readonly object[]): string {
  return messages.map((message) => Object.keys(message)[0] ?? 'empty').join(' ');
}
