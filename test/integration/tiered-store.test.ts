import { status, type ClientWritableStream } from '@grpc/grpc-js';
import type { object } from '@holdfast/contracts';
import { nativeChecksum } from '@holdfast/service-kit';
import assert from 'node:assert/strict';
import { EventEmitter, once } from 'node:events';
import { readdir } from 'node:fs/promises';
import { sampleBytes } from '../support/engine/payloads.js';
import {
  blobNames,
  get,
  head,
  list,
  messageId,
  openBatch,
  openClient,
  pendingChanges,
  put,
  remove,
  startStore,
  uploadOf,
  type RunningStore,
} from './tiered-store-process.js';

const mebibyte = 1024 * 1024;
const small = sampleBytes(3_000);
const large = sampleBytes(3 * mebibyte + 7);
const medium = sampleBytes(mebibyte);

describe('A tiered store over gRPC', () => {
  let store: RunningStore;
  before(async () => {
    store = await startStore({ HOLDFAST_ENGINE__READER_GRACE_MS: '0' });
  });
  after(() => store.dispose());

  async function blobsOf(key: string): Promise<readonly string[]> {
    return (await blobNames(store.maintenance)).filter((name) => name.includes(`/${key}/`));
  }

  async function changesOf(key: string): Promise<readonly object.ObjectId[]> {
    const { changes } = await pendingChanges(store.maintenance);
    const ids = changes.flatMap(({ objectId }) => objectId ?? []);
    return ids.filter((id) => id.key === key);
  }

  for (const [name, payload] of [
    ['nothing', new Uint8Array(0)],
    ['a small payload', small],
    ['exactly 1 MiB', sampleBytes(mebibyte)],
    ['one byte more than 1 MiB', sampleBytes(mebibyte + 1)],
    ['a large payload', large],
  ] as const) {
    it(`stores, returns, describes, lists and deletes ${name}`, async () => {
      const { client } = store;
      const key = `round trip/${name}`;
      const stored = await put(client, uploadOf(key, payload));
      assert.deepEqual(stored.objectId, messageId(key));
      assert.equal(stored.crc32c, nativeChecksum.crc32c(payload, 0));
      const { header, bytes, chunkSizes } = await get(client, key);
      assert.deepEqual(bytes, Buffer.from(payload));
      assert(chunkSizes.every((size) => size > 0 && size <= 256 * 1024));
      assert.equal(header.object?.revision, stored.revision);
      const { object: info } = await head(client, key);
      assert.deepEqual(info, header.object);
      const { objects } = await list(client, {
        scopes: [{ name: 'org', value: '42' }],
        keyPrefix: key,
      });
      assert.deepEqual(objects, [info]);
      await remove(client, key);
      await assert.rejects(get(client, key), { reason: 'OBJECT_NOT_FOUND', code: 5 });
      await assert.rejects(head(client, key), { reason: 'OBJECT_NOT_FOUND', code: 5 });
    });
  }

  it('returns ranges of small and of large objects', async () => {
    const { client } = store;
    for (const [key, payload] of [
      ['range/small', small],
      ['range/large', large],
    ] as const) {
      await put(client, uploadOf(key, payload));
      const range = { start: { $case: 'first', value: 1_000n }, last: 1_999n } as const;
      const { header, bytes } = await get(client, key, { range });
      assert.deepEqual(header.span, { offset: 1_000n, length: 1_000n });
      assert.deepEqual(bytes, Buffer.from(payload.subarray(1_000, 2_000)));
      const beyond = { start: { $case: 'first', value: 2n ** 60n } } as const;
      await assert.rejects(get(client, key, { range: beyond }), {
        reason: 'RANGE_NOT_SATISFIABLE',
        code: 11,
        info: { size: String(payload.length) },
      });
    }
  });

  it('insert without a key generates a unique one', async () => {
    const one = await put(store.client, uploadOf('', small));
    const two = await put(store.client, uploadOf('', small));
    assert.notEqual(one.objectId?.key, two.objectId?.key);
    const { bytes } = await get(store.client, one.objectId?.key ?? '');
    assert.deepEqual(bytes, Buffer.from(small));
  });

  it('leaves nothing of an upload that ends without its finish', async () => {
    const { client } = store;
    const upload = uploadOf('no finish', large).slice(0, -1);
    await assert.rejects(put(client, upload), { reason: 'INVALID_STREAM', code: 3 });
    await assert.rejects(head(client, 'no finish'), { reason: 'OBJECT_NOT_FOUND' });
  });

  it('leaves nothing of an upload that is cancelled before its finish', async () => {
    const { client } = store;
    const cancelled = new EventEmitter();
    const ended = once(cancelled, 'ended');
    const call: ClientWritableStream<object.PutObjectRequest> = client.putObject((error) => {
      cancelled.emit('ended', error?.code);
    });
    const messages = uploadOf('cancelled', large).slice(0, -1);
    for (const message of messages) call.write({ message });
    await until(async () => (await inFlight(store)) === 1);
    await until(async () => (await readdir(store.uploadsFolder)).length > 0);
    assert.equal((await changesOf('cancelled')).length, 1);
    call.cancel();
    assert.deepEqual(await ended, [status.CANCELLED]);
    await inFlightEnds(store);
    await until(async () => (await readdir(store.uploadsFolder)).length === 0);
    await until(async () => (await changesOf('cancelled')).length === 0);
    assert.deepEqual(await blobsOf('cancelled'), []);
    await assert.rejects(head(client, 'cancelled'), { reason: 'OBJECT_NOT_FOUND' });
  });

  it('answers early when the condition of a large upload fails', async () => {
    await put(store.client, uploadOf('exists', small));
    const condition = { condition: { $case: 'ifAbsent', value: true } } as const;
    await assert.rejects(put(store.client, uploadOf('exists', large, { condition })), {
      reason: 'OBJECT_EXISTS',
      code: 9,
    });
  });

  it('goes on with other downloads while one is not read, and ends it with its caller', async () => {
    const { client } = store;
    await put(client, uploadOf('slow', sampleBytes(16 * mebibyte)));
    // On a connection of its own: a client reads all streams of one.
    const other = openClient(store.address);
    const unread = other.getObject({ objectId: messageId('slow'), range: undefined });
    unread.on('error', () => undefined);
    // A client of which nothing is ever asked takes everything; of one message it takes no more.
    await once(unread, 'data');
    unread.pause();
    const { bytes } = await get(client, 'slow');
    assert.equal(bytes.length, 16 * mebibyte);
    assert.equal(await inFlight(store), 1);
    unread.cancel();
    other.close();
    await inFlightEnds(store);
  });

  it('runs batches, in which operations fail alone', async () => {
    const batch = openBatch(store.client);
    const header = { objectId: messageId('batched') };
    batch.send(
      { index: 1, operation: { $case: 'put', value: { header, payload: small } } },
      { index: 2, operation: { $case: 'head', value: { objectId: messageId('none') } } },
    );
    const first = [await batch.next(), await batch.next()].toSorted((a, b) => a.index - b.index);
    assert.deepEqual(
      first.map(({ outcome }) => outcome?.$case),
      ['put', 'error'],
    );
    batch.send({
      index: 1,
      operation: { $case: 'get', value: { objectId: messageId('batched') } },
    });
    const { outcome } = await batch.next();
    assert(outcome?.$case === 'get');
    assert.deepEqual(Buffer.from(outcome.value.payload ?? []), Buffer.from(small));
    batch.close();
    assert.equal(await batch.ended, undefined);
  });

  it('fails a batch that gives an index twice', async () => {
    const batch = openBatch(store.client);
    const operation = { $case: 'head', value: { objectId: messageId('none') } } as const;
    batch.send({ index: 1, operation }, { index: 1, operation });
    assert.equal((await batch.ended)?.reason, 'INVALID_BATCH');
  });

  it('keeps thousands of operations of a batch apart', async () => {
    const batch = openBatch(store.client);
    const count = 3_000;
    for (let from = 0; from < count; from += 500) {
      const operations = Array.from({ length: 500 }, (_, n) => {
        const header = { objectId: messageId(`many/${from + n}`) };
        const payload = Buffer.from(`payload ${from + n}`);
        return {
          index: from + n,
          operation: { $case: 'put', value: { header, payload } },
        } as const;
      });
      batch.send(...operations);
    }
    for (let n = 0; n < count; n += 1) assert.equal((await batch.next()).outcome?.$case, 'put');
    const sample = [0, 1, 499, 500, 2_999];
    for (const n of sample) {
      const value = { objectId: messageId(`many/${n}`) };
      batch.send({ index: n, operation: { $case: 'get', value } });
    }
    for (const _ of sample) {
      const { index, outcome } = await batch.next();
      assert(outcome?.$case === 'get');
      assert.equal(Buffer.from(outcome.value.payload ?? []).toString(), `payload ${index}`);
    }
    batch.close();
    assert.equal(await batch.ended, undefined);
  });

  it('removes replaced payloads by itself, after their readers have had their time', async () => {
    const { client } = store;
    await put(client, uploadOf('replaced', large));
    assert.equal((await blobsOf('replaced')).length, 1);
    await put(client, uploadOf('replaced', small));
    await until(async () => (await blobsOf('replaced')).length === 0);
    await until(async () => (await changesOf('replaced')).length === 0);
    const { bytes } = await get(client, 'replaced');
    assert.deepEqual(bytes, Buffer.from(small));
  });

  it('limits and use are readable and exported as gauges', async () => {
    assert.equal(await metric(store, 'holdfast_operations_in_flight_limit'), 500);
    assert.equal(await metric(store, 'holdfast_operations_in_flight_bulk_limit'), 300);
    assert.equal(await metric(store, 'holdfast_operations_queued_limit'), 500);
    assert.equal(await metric(store, 'holdfast_payload_held_limit_bytes'), 256 * mebibyte);
    for (const name of ['operations_queued', 'payload_held_bytes', 'payload_waiting_streams']) {
      assert.equal(await metric(store, `holdfast_${name}`), 0);
    }
    assert.equal((await fetch(`${store.httpUrl}/readyz`)).status, 200);
    assert.equal((await fetch(`${store.httpUrl}/healthz`)).status, 200);
  });

  it('says in one line where it listens', () => {
    const listening = store.lines.filter((line) => line.includes('"listening"'));
    assert.equal(listening.length, 1);
    assert.match(listening[0] ?? '', new RegExp(`"port":${store.address.split(':')[1]},`));
  });
});

describe('A tiered store on other tiers', () => {
  for (const [highVolume, longTerm] of [
    ['memory', 'filesystem'],
    ['lmdb', 'memory'],
    ['memory', 'memory'],
  ] as const) {
    it(`any tier can stand alone behind the service: ${highVolume} and ${longTerm}`, async () => {
      const other = await startStore({
        HOLDFAST_STORAGE__HIGH_VOLUME__KIND: highVolume,
        HOLDFAST_STORAGE__LONG_TERM__KIND: longTerm,
      });
      try {
        for (const payload of [small, large]) {
          await put(other.client, uploadOf('object', payload));
          assert.deepEqual((await get(other.client, 'object')).bytes, Buffer.from(payload));
        }
        await remove(other.client, 'object');
        await assert.rejects(head(other.client, 'object'), { reason: 'OBJECT_NOT_FOUND' });
      } finally {
        await other.dispose();
      }
    });
  }
});

describe('A tiered store that shuts down', () => {
  it('finishes what runs, ends batches with SHUTTING_DOWN, and keeps everything', async () => {
    const store = await startStore();
    try {
      await put(store.client, uploadOf('kept', large));
      const batch = openBatch(store.client);
      const header = { objectId: messageId('kept too') };
      batch.send({ index: 1, operation: { $case: 'put', value: { header, payload: small } } });
      assert.equal((await batch.next()).outcome?.$case, 'put');
      await store.shutDown();
      assert.equal((await batch.ended)?.reason, 'SHUTTING_DOWN');
      await assert.rejects(head(store.client, 'kept'), { code: 14 });
    } finally {
      await store.dispose();
    }
  });

  it('answers every operation of a batch that was sent before the stream ended', async () => {
    const store = await startStore();
    try {
      const batch = openBatch(store.client);
      const putAt = (index: number): void => {
        const header = { objectId: messageId(`key-${index}`) };
        batch.send({ index, operation: { $case: 'put', value: { header, payload: medium } } });
      };
      putAt(0);
      await batch.next();
      const shutDown = store.shutDown();
      for (let index = 1; index <= 30; index += 1) putAt(index);
      const answered = new Set<number>();
      while (answered.size < 30) {
        const { index, outcome } = await batch.next();
        answered.add(index);
        if (outcome?.$case === 'put') continue;
        assert(outcome?.$case === 'error');
        assert.match(outcome.value.message, /shutting down: nothing was done/);
      }
      assert.equal((await batch.ended)?.reason, 'SHUTTING_DOWN');
      await shutDown;
    } finally {
      await store.dispose();
    }
  });
});

async function metric(store: RunningStore, name: string, labels = ''): Promise<number> {
  const text = await (await fetch(`${store.httpUrl}/metrics`)).text();
  const line = text.split('\n').find((one) => one.startsWith(`${name}{`) && one.includes(labels));
  return Number(line?.slice(line.lastIndexOf(' ') + 1));
}

function inFlight(store: RunningStore): Promise<number> {
  return metric(store, 'holdfast_operations_in_flight');
}

async function inFlightEnds(store: RunningStore): Promise<void> {
  await until(async () => (await inFlight(store)) === 0);
}

async function until(isSo: () => Promise<boolean>): Promise<void> {
  while (!(await isSo())) await new Promise((resolve) => setTimeout(resolve, 10));
}
