import { DomainError } from '@holdfast/domain';
import { nativeChecksum } from '@holdfast/service-kit';
import assert from 'node:assert/strict';
import { failNext, holdNext } from '../../support/engine/hold.js';
import { large, sampleBytes, small, thresholdBytes } from '../../support/engine/payloads.js';
import { idOf, useStore } from '../../support/engine/store-under-test.js';
import { openMemoryTiers } from '../../support/memory-tiers.js';
import { createCall, createRequests, until, type FakeRequests } from './fake-call.js';
import { isFault } from './faults.js';
import { chunks, finish, header, messageId, serve } from './service-under-test.js';

const id = idOf('upload');

describe('PutObject', () => {
  const store = useStore(openMemoryTiers);

  function upload(bytes: Uint8Array, ...rest: Buffer[]): FakeRequests {
    const requests = createRequests(header('upload'), ...chunks(bytes), ...rest);
    requests.end();
    return requests;
  }

  async function nothingIsLeft(): Promise<void> {
    await store().atRest();
    assert.deepEqual(await store().holdings(), { blobs: [], changes: [] });
    assert.equal(await store().fetch(id), undefined);
  }

  for (const [name, bytes] of [
    ['nothing', new Uint8Array(0)],
    ['a small payload', small()],
    ['a large payload', large()],
  ] as const) {
    it(`stores ${name}, and answers what was stored`, async () => {
      const service = serve(store());
      const crc32c = nativeChecksum.crc32c(bytes, 0);
      const { reader } = upload(bytes, finish(bytes.length, crc32c));
      const response = await service.put(reader, createCall().context);
      assert.deepEqual(response.objectId, messageId('upload'));
      assert.deepEqual([response.size, response.crc32c], [BigInt(bytes.length), crc32c]);
      assert.deepEqual(Buffer.from((await store().fetch(id)) ?? assert.fail()), Buffer.from(bytes));
      assert.equal(service.admission.inFlight(), 0);
      assert.equal(service.payloadBytes.used(), 0);
    });
  }

  it('insert without a key generates a unique one', async () => {
    const service = serve(store());
    const keys = new Set<string>();
    for (let n = 0; n < 3; n += 1) {
      const requests = createRequests(header('', {}), finish(0));
      requests.end();
      const { objectId } = await service.put(requests.reader, createCall().context);
      const key = objectId?.key ?? '';
      assert.match(key, /^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/);
      assert.notEqual(await store().fetch(idOf(key)), undefined);
      keys.add(key);
    }
    assert.equal(keys.size, 3);
  });

  it('reads empty chunks as nothing', async () => {
    const emptyChunk = Buffer.from([0x12, 0]);
    const { reader } = upload(small(), emptyChunk, finish(small().length));
    const { size } = await serve(store()).put(reader, createCall().context);
    assert.equal(size, BigInt(small().length));
  });

  const disorders: readonly (readonly [string, readonly Buffer[]])[] = [
    ['nothing at all', []],
    ['a chunk before the header', [...chunks(small()), header('upload'), finish(0)]],
    ['a finish before the header', [finish(0)]],
    ['a second header', [header('upload'), header('upload'), finish(0)]],
    ['a chunk after the finish', [header('upload'), finish(0), ...chunks(small())]],
    ['a second finish', [header('upload'), finish(0), finish(0)]],
    ['no finish', [header('upload'), ...chunks(large())]],
    ['a message with nothing set', [header('upload'), Buffer.alloc(0), finish(0)]],
    ['a message that cannot be read', [header('upload'), Buffer.from([0xff]), finish(0)]],
    ['a header that cannot be read', [Buffer.from([0x0a, 0x02, 0x0a, 0x7f]), finish(0)]],
  ];
  for (const [name, messages] of disorders) {
    it(`refuses ${name} as INVALID_STREAM, and stores nothing`, async () => {
      const service = serve(store());
      const requests = createRequests(...messages);
      requests.end();
      const putting = service.put(requests.reader, createCall().context);
      await assert.rejects(putting, { name: 'RpcError', reason: 'INVALID_STREAM', code: 3 });
      await nothingIsLeft();
      assert.equal(service.admission.inFlight(), 0);
      assert.equal(service.payloadBytes.used(), 0);
    });
  }

  for (const [name, bytes] of [
    ['small', small()],
    ['large', large()],
  ] as const) {
    it(`refuses another size than that declared, naming finish.size: ${name}`, async () => {
      const { reader } = upload(bytes, finish(bytes.length + 1));
      const putting = serve(store()).put(reader, createCall().context);
      await assert.rejects(putting, isFault('CONTENT_MISMATCH', 'finish.size'));
      await nothingIsLeft();
    });

    it(`refuses another checksum than that declared, naming finish.crc32c: ${name}`, async () => {
      const { reader } = upload(bytes, finish(bytes.length, 1));
      const putting = serve(store()).put(reader, createCall().context);
      await assert.rejects(putting, isFault('CONTENT_MISMATCH', 'finish.crc32c'));
      await nothingIsLeft();
    });

    it(`runs to its end once the finish has arrived, although its caller is gone: ${name}`, async () => {
      const service = serve(store());
      const call = createCall();
      const requests = createRequests(header('upload'), ...chunks(bytes), finish(bytes.length));
      const putting = service.put(requests.reader, call.context);
      await until(() => requests.isAwaited() && requests.taken() === chunks(bytes).length + 2);
      call.abort();
      requests.fail(new Error('the connection is gone'));
      assert.equal((await putting).size, BigInt(bytes.length));
      assert.notEqual(await store().fetch(id), undefined);
    });

    it(`ends without the finish when its caller goes away, and leaves nothing: ${name}`, async () => {
      const service = serve(store());
      const call = createCall();
      const requests = createRequests(header('upload'), ...chunks(bytes));
      const putting = service.put(requests.reader, call.context);
      await until(() => requests.isAwaited() && requests.taken() === chunks(bytes).length + 1);
      call.abort();
      await assert.rejects(putting, { code: 'CANCELLED' });
      // What the transport still delivers finds nobody.
      requests.send(...chunks(small()));
      await nothingIsLeft();
      assert.equal(service.admission.inFlight(), 0);
      assert.equal(service.payloadBytes.used(), 0);
    });
  }

  it('refuses a declared size beyond what a number can count', async () => {
    const { reader } = upload(small(), finish(2n ** 60n));
    const putting = serve(store()).put(reader, createCall().context);
    await assert.rejects(putting, isFault('CONTENT_MISMATCH', 'finish.size'));
  });

  it('answers early, and reads no further, when its condition fails', async () => {
    await store().store(id, small());
    const bytes = sampleBytes(100_000);
    const requests = createRequests(
      header('upload', { condition: { condition: { $case: 'ifAbsent', value: true } } }),
      ...chunks(bytes, 1_000),
    );
    const service = serve(store());
    const putting = service.put(requests.reader, createCall().context);
    await assert.rejects(putting, { reason: 'OBJECT_EXISTS', code: 9 });
    assert(requests.taken() <= 3, 'it had read what it takes to know that it does not fit a row');
    assert.equal(service.admission.inFlight(), 0);
    assert.equal(service.payloadBytes.used(), 0);
  });

  it('reads nothing but the header when that is wrong', async () => {
    const requests = createRequests(header('upload', { objectId: undefined }), ...chunks(large()));
    const putting = serve(store()).put(requests.reader, createCall().context);
    await assert.rejects(putting, isFault('INVALID_OBJECT_ID', 'object_id'));
    assert.equal(requests.taken(), 1);
  });

  it('says which revision is there when its condition fails', async () => {
    const { revision } = await store().store(id, small());
    const other = '01890000-0000-7000-8000-000000000000';
    const condition = { condition: { $case: 'ifRevision', value: other } } as const;
    const requests = createRequests(header('upload', { condition }), finish(0));
    requests.end();
    const putting = serve(store()).put(requests.reader, createCall().context);
    await assert.rejects(putting, { reason: 'REVISION_MISMATCH', info: { revision } });
  });

  it('releases its permit and its bytes when the storage fails', async () => {
    const cause = new DomainError({ code: 'STORAGE_FULL', tier: 'lmdb' });
    failNext(store().highVolume, 'putInline', cause);
    const service = serve(store());
    const { reader } = upload(small(), finish(small().length));
    await assert.rejects(service.put(reader, createCall().context), cause);
    assert.equal(service.admission.inFlight(), 0);
    assert.equal(service.payloadBytes.used(), 0);
  });

  it('holds what is gathered, and later one chunk', async () => {
    const service = serve(store());
    const bytes = sampleBytes(20_000);
    const requests = createRequests(header('upload'), ...chunks(bytes, 500));
    let most = 0;
    const { reader } = requests;
    const watched = {
      ...reader,
      next() {
        most = Math.max(most, service.payloadBytes.used());
        return reader.next();
      },
    };
    const putting = service.put(watched, createCall().context);
    await until(() => requests.isAwaited());
    assert.equal(service.payloadBytes.used(), 0, 'while it waits, it holds nothing');
    assert(most >= thresholdBytes - 500 && most <= thresholdBytes + 500, `it held ${most}`);
    requests.send(finish(bytes.length));
    requests.end();
    await putting;
  });

  it('waits for bytes, while others hold all there are, and is not refused', async () => {
    const service = serve(store(), { payloadBytesMax: 800 });
    const commit = holdNext(store().highVolume, 'putInline');
    const first = upload(sampleBytes(700), finish(700));
    const putting = service.put(first.reader, createCall().context);
    await commit.reached;
    const second = createRequests(header('other'), ...chunks(sampleBytes(700)), finish(700));
    second.end();
    const waiting = service.put(second.reader, createCall().context);
    await until(() => service.payloadBytes.waiting() === 1);
    assert.equal(second.taken(), 2, 'it has read one chunk and no further');
    commit.release();
    await Promise.all([putting, waiting]);
    assert.equal(service.payloadBytes.used(), 0);
  });
});
