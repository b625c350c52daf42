import { object } from '@holdfast/contracts';
import { isRequestId } from '@holdfast/rpc';
import { nativeChecksum } from '@holdfast/service-kit';
import assert from 'node:assert/strict';
import { failNext, holdNext } from '../../support/engine/hold.js';
import { large, sampleBytes, small } from '../../support/engine/payloads.js';
import { unavailable } from '../../support/engine/situations.js';
import { idOf, useStore } from '../../support/engine/store-under-test.js';
import { openMemoryTiers } from '../../support/memory-tiers.js';
import { errorOf, openBatch, type BatchCall } from './batch-call.js';
import { deleteOf, getOf, headOf, putOf } from './operations.js';
import { batchMessage, messageId, serve, type OperationInput } from './service-under-test.js';

const ownTrace = '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01';
const streamTrace = '00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01';
const batchPayloadBytesMax = 1024 * 1024;

describe('An operation of a batch', () => {
  const store = useStore(openMemoryTiers);

  async function run(operation: OperationInput): Promise<object.BatchResult> {
    const batch = openBatch(serve(store()));
    batch.send(operation);
    batch.requests.end();
    await batch.ended;
    return batch.resultOf(operation.index ?? 0);
  }

  for (const [name, payload] of [
    ['nothing', new Uint8Array(0)],
    ['a small payload', small()],
    ['a payload that is large to the engine', large()],
  ] as const) {
    it(`puts and gets ${name}`, async () => {
      const crc32c = nativeChecksum.crc32c(payload, 0);
      const { outcome: put } = await run(putOf(3, 'a', payload, { crc32c }));
      assert(put?.$case === 'put');
      assert.deepEqual([put.value.size, put.value.crc32c], [BigInt(payload.length), crc32c]);
      const { outcome: get } = await run(getOf(4, 'a'));
      assert(get?.$case === 'get');
      assert.deepEqual(get.value.object?.objectId, messageId('a'));
      assert.equal(get.value.object.revision, put.value.revision);
      assert.deepEqual(get.value.span, { offset: 0n, length: BigInt(payload.length) });
      assert.deepEqual(Buffer.from(get.value.payload ?? assert.fail()), Buffer.from(payload));
      assert.equal(store().tiers.longTerm.openReaders(), 0);
    });
  }

  it('gets a range', async () => {
    await store().store(idOf('a'), large());
    const range: object.ByteRange = { start: { $case: 'suffix', value: 10n } };
    const value = { objectId: messageId('a'), range };
    const { outcome } = await run({ index: 1, operation: { $case: 'get', value } });
    assert(outcome?.$case === 'get');
    assert.deepEqual(Buffer.from(outcome.value.payload ?? []), Buffer.from(large().slice(-10)));
  });

  it('gets no payload of more than 1 MiB, and opens nothing for it', async () => {
    const bytes = sampleBytes(batchPayloadBytesMax + 1);
    const { revision } = await store().store(idOf('a'), bytes, {});
    let opened = 0;
    store().longTerm.hook('read', { before: () => void (opened += 1) });
    const { outcome } = await run(getOf(1, 'a'));
    assert(outcome?.$case === 'get');
    assert.equal(outcome.value.payload, undefined);
    assert.equal(outcome.value.object?.revision, revision);
    assert.deepEqual(outcome.value.span, { offset: 0n, length: BigInt(bytes.length) });
    assert.equal(opened, 0);
    const part = {
      objectId: messageId('a'),
      range: { start: { $case: 'first', value: 1n } },
    } as const;
    const rest = await run({ index: 2, operation: { $case: 'get', value: part } });
    assert(rest.outcome?.$case === 'get');
    assert.equal(rest.outcome.value.payload?.length, batchPayloadBytesMax, 'a range of 1 MiB fits');
  });

  it('describes and deletes', async () => {
    const { revision } = await store().store(idOf('a'), large());
    const { outcome: head } = await run(headOf(1, 'a'));
    assert(head?.$case === 'head');
    assert.equal(head.value.object?.revision, revision);
    const { outcome: removed } = await run(deleteOf(2, 'a'));
    assert(removed?.$case === 'delete');
    assert.equal(removed.value.deletedRevision, revision);
    assert.equal(await store().fetch(idOf('a')), undefined);
  });

  it('makes the key that a put leaves out', async () => {
    const { outcome } = await run(putOf(1, '', small()));
    assert(outcome?.$case === 'put');
    assert.match(outcome.value.objectId?.key ?? '', /^[0-9a-f-]{36}$/);
  });

  it('checks the condition of a put', async () => {
    const { revision } = await store().store(idOf('a'), small());
    const condition = { condition: { $case: 'ifAbsent', value: true } } as const;
    const header = { objectId: messageId('a'), condition };
    const put = { index: 1, operation: { $case: 'put', value: { header } } } as const;
    const error = errorOf(await run(put));
    assert.deepEqual([error.reason, error.info], ['OBJECT_EXISTS', { revision }]);
  });

  interface Wrong {
    readonly name: string;
    readonly operation: OperationInput;
    readonly reason: string;
    readonly field?: string;
  }
  const wrong: readonly Wrong[] = [
    {
      name: 'has another checksum than it says',
      operation: putOf(9, 'a', small(), { crc32c: 1 }),
      reason: 'CONTENT_MISMATCH',
      field: 'crc32c',
    },
    {
      name: 'has another checksum than it says, and is large to the engine',
      operation: putOf(9, 'a', large(), { crc32c: 1 }),
      reason: 'CONTENT_MISMATCH',
      field: 'crc32c',
    },
    {
      name: 'has more than 1 MiB of payload',
      operation: putOf(9, 'a', new Uint8Array(batchPayloadBytesMax + 1)),
      reason: 'PAYLOAD_TOO_LARGE',
      field: 'payload',
    },
    {
      name: 'is a put without a header',
      operation: { index: 9, operation: { $case: 'put', value: {} } },
      reason: 'INVALID_BATCH',
      field: 'header',
    },
    {
      name: 'is none that is known',
      operation: { index: 9 },
      reason: 'INVALID_BATCH',
      field: 'operation',
    },
    {
      name: 'names no object',
      operation: { index: 9, operation: { $case: 'get', value: {} } },
      reason: 'INVALID_OBJECT_ID',
      field: 'object_id',
    },
    { name: 'reads what is not there', operation: headOf(9, 'a'), reason: 'OBJECT_NOT_FOUND' },
  ];
  for (const { name, operation, reason, field } of wrong) {
    it(`fails alone when it ${name}`, async () => {
      const batch = openBatch(serve(store()));
      batch.send(putOf(1, 'before', small()), operation, putOf(2, 'after', small()));
      batch.requests.end();
      await batch.ended;
      const error = errorOf(batch.resultOf(9));
      assert.deepEqual([error.reason, error.violations[0]?.field], [reason, field]);
      for (const index of [1, 2]) assert.equal(batch.resultOf(index).outcome?.$case, 'put');
      assert.equal(await store().fetch(idOf('a')), undefined);
    });
  }

  it('fails alone when its bytes cannot be read', async () => {
    const batch = openBatch(serve(store()));
    // An index of 5, and a get of 2 bytes that are none.
    batch.requests.send(Buffer.from([0x0a, 0x06, 0x08, 0x05, 0x1a, 0x02, 0x0a, 0x7f]));
    batch.send(putOf(1, 'a', small()));
    await batch.answered(2);
    assert.equal(errorOf(batch.resultOf(5)).reason, 'INVALID_BATCH');
    assert.equal(batch.resultOf(1).outcome?.$case, 'put');
    batch.requests.end();
    await batch.ended;
  });

  it('that fails inside keeps its reasons to the log, under its own name', async () => {
    const service = serve(store());
    failNext(store().highVolume, 'readHead', new Error('a secret of the server'));
    const batch = openBatch(service);
    batch.send(headOf(1, 'a', { requestId: 'mine' }));
    await batch.answered(1);
    const error = errorOf(batch.resultOf(1));
    assert.deepEqual([error.code, error.message.includes('secret')], [13, false]);
    const [failure] = service.failures;
    assert.equal(failure?.names.requestId(), 'mine');
    assert.match(String(failure.error.cause), /a secret of the server/);
  });

  for (const [name, requestId] of [
    ['none', undefined],
    ['an empty one', ''],
    ['one of 65 characters', 'x'.repeat(65)],
    ['one with a space', 'not mine'],
    ['one with a line break', 'mine\n'],
  ] as const) {
    it(`is named by the server when its caller gave it ${name}`, async () => {
      const service = serve(store());
      const batch = openBatch(service);
      batch.send(headOf(1, 'a', requestId === undefined ? {} : { requestId }), headOf(2, 'a'));
      await batch.answered(2);
      const [one, other] = service.failures.map(({ names }) => names.requestId());
      assert(one !== undefined && isRequestId(one) && one !== 'test-call');
      assert.notEqual(one, requestId);
      assert.notEqual(one, other);
    });
  }

  for (const [name, own, expected] of [
    ['its own trace', ownTrace, ownTrace],
    ['that of its stream when it names none', undefined, streamTrace],
    ['that of its stream when its own is malformed', 'not a trace', streamTrace],
  ] as const) {
    it(`belongs to ${name}, well or failed`, async () => {
      const service = serve(store());
      await store().store(idOf('a'), small());
      const batch = openBatch(service, {}, streamTrace);
      const more = own === undefined ? {} : { traceparent: own };
      batch.send(headOf(1, 'a', more), headOf(2, 'none', more));
      await batch.answered(2);
      assert.deepEqual(service.traceparents, [expected, expected]);
      assert.equal(service.failures[0]?.names.traceparent(), expected);
    });
  }

  it('a fault in one operation does not touch another; its permit is released', async () => {
    const service = serve(store());
    await store().store(idOf('a'), small());
    failNext(store().highVolume, 'read', unavailable());
    const batch = openBatch(service);
    batch.send(getOf(1, 'a'), getOf(2, 'a'));
    await batch.answered(2);
    assert.equal(errorOf(batch.resultOf(1)).reason, 'TIER_UNAVAILABLE');
    assert.equal(batch.resultOf(2).outcome?.$case, 'get');
    assert.equal(service.admission.inFlight(), 0);
  });
});

describe('A batch', () => {
  const store = useStore(openMemoryTiers);

  it('answers in completion order with indices', async () => {
    const batch = openBatch(serve(store()));
    const held = holdNext(store().highVolume, 'putInline');
    batch.send(putOf(10, 'slow', small()), putOf(20, 'fast', small()));
    await batch.answered(1);
    assert.equal(batch.resultOf(20).outcome?.$case, 'put');
    held.release();
    await batch.answered(2);
    assert.deepEqual(
      batch.results().map(({ index }) => index),
      [20, 10],
    );
  });

  it('answers what is outstanding when its caller closes its side, and ends well', async () => {
    const batch = openBatch(serve(store()));
    const held = holdNext(store().highVolume, 'putInline');
    batch.send(putOf(1, 'a', small()));
    batch.requests.end();
    await held.reached;
    assert.equal(await hasEnded(batch), false);
    held.release();
    await batch.ended;
    assert.equal(batch.resultOf(1).outcome?.$case, 'put');
  });

  it('ends well without any operation', async () => {
    const batch = openBatch(serve(store()));
    batch.requests.send(batchMessage());
    batch.requests.end();
    await batch.ended;
    assert.deepEqual(batch.results(), []);
  });

  it('gathers the results of one turn into one message', async () => {
    const batch = openBatch(serve(store()));
    batch.send(...Array.from({ length: 100 }, (_, index) => headOf(index, 'none')));
    await batch.answered(100);
    assert(batch.responses.messages.length <= 2, `in ${batch.responses.messages.length} messages`);
  });

  it('sends no message of more than 2 MiB', async () => {
    await store().store(idOf('a'), sampleBytes(700 * 1024));
    const batch = openBatch(serve(store()));
    batch.send(...Array.from({ length: 9 }, (_, index) => getOf(index, 'a')));
    await batch.answered(9);
    assert(batch.responses.messages.every(({ length }) => length <= 2 * 1024 * 1024));
  });

  it('is the same to the byte as what the generated code makes of it', async () => {
    await store().store(idOf('a'), small());
    const batch = openBatch(serve(store()));
    batch.send(getOf(300, 'a'));
    await batch.answered(1);
    const [message] = batch.responses.messages;
    assert(message !== undefined);
    const decoded = object.BatchObjectsResponse.decode(message);
    assert.deepEqual(
      Buffer.from(object.BatchObjectsResponse.encode(decoded).finish()),
      Buffer.from(message),
    );
  });

  for (const [name, messages] of [
    ['in one message', [batchMessage(putOf(1, 'a', small()), headOf(1, 'a'))]],
    ['in two messages', [batchMessage(putOf(1, 'a', small())), batchMessage(headOf(1, 'a'))]],
  ] as const) {
    it(`fails as INVALID_BATCH when an index is given twice ${name}`, async () => {
      const service = serve(store());
      const held = holdNext(store().highVolume, 'putInline');
      const batch = openBatch(service);
      batch.requests.send(...messages);
      await assert.rejects(batch.ended, { reason: 'INVALID_BATCH', code: 3 });
      held.release();
      await store().atRest();
      assert.deepEqual([service.admission.inFlight(), service.payloadBytes.used()], [0, 0]);
    });
  }

  it('takes an index again once it is answered', async () => {
    const batch = openBatch(serve(store()));
    batch.send(putOf(1, 'a', small()));
    await batch.answered(1);
    batch.send(headOf(1, 'a'));
    const [, second] = await batch.answered(2);
    assert.equal(second?.outcome?.$case, 'head');
  });

  it('fails as INVALID_BATCH for a message that cannot be read, and for more than 1,000 operations', async () => {
    const broken = openBatch(serve(store()));
    broken.requests.send(Buffer.from([0x0a, 0x7f]));
    await assert.rejects(broken.ended, { reason: 'INVALID_BATCH' });
    const many = openBatch(serve(store()));
    many.send(...Array.from({ length: 1_001 }, (_, index) => headOf(index, 'a')));
    await assert.rejects(many.ended, { reason: 'INVALID_BATCH' });
  });

  it('an operation runs to completion although its caller is gone, and its permit is released then', async () => {
    const service = serve(store());
    const batch = openBatch(service);
    const held = holdNext(store().highVolume, 'putInline');
    batch.send(putOf(1, 'a', small()));
    await held.reached;
    const gone = new Error('the connection is gone');
    batch.responses.fail(gone);
    batch.requests.fail(gone);
    await assert.rejects(batch.ended, gone);
    assert.equal(service.admission.inFlight(), 1);
    assert(service.payloadBytes.used() > 0, 'what runs is held');
    held.release();
    await store().atRest();
    assert.notEqual(await store().fetch(idOf('a')), undefined);
    assert.deepEqual([service.admission.inFlight(), service.payloadBytes.used()], [0, 0]);
  });
});

async function hasEnded(batch: BatchCall): Promise<boolean> {
  const still = Symbol('still');
  const turn = new Promise((resolve) => setImmediate(() => resolve(still)));
  return (await Promise.race([batch.ended, turn])) !== still;
}
