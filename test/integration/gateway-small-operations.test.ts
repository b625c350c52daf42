import { status } from '@grpc/grpc-js';
import assert from 'node:assert/strict';
import {
  failure,
  get,
  head,
  headOperation,
  batch,
  put,
  remove,
} from '../support/gateway/callers.js';
import {
  metadataOf,
  startGatewayUnderTest,
  type GatewayUnderTest,
} from '../support/gateway/gateway-under-test.js';
import { errorOutcome, getOutcome, infoOf } from '../support/gateway/memory-objects.js';
import { startScriptedStore, type ScriptedStore } from '../support/gateway/scripted-store.js';
import { waitUntil } from '../support/gateway/wait-until.js';

describe('gateway: small operations', () => {
  let store: ScriptedStore;
  let gateway: GatewayUnderTest;

  beforeEach(async () => {
    store = await startScriptedStore();
    gateway = await startGatewayUnderTest([store.address]);
  });

  afterEach(async () => {
    await gateway.shutDown();
    await store.close();
  });

  it('puts, gets, describes and deletes a small object over shared streams', async () => {
    const payload = Buffer.from('hello');
    const stored = await put(gateway.client, payload);
    assert.equal(stored.size, 5n);
    const { header, chunks, error } = await get(gateway.client);
    assert.equal(error, undefined);
    assert.equal(header?.span?.length, 5n);
    assert.deepEqual(Buffer.concat(chunks), payload);
    assert.equal((await head(gateway.client)).object?.size, 5n);
    await remove(gateway.client);
    assert.equal((await failure(head(gateway.client))).reason, 'OBJECT_NOT_FOUND');
    assert.equal(store.uploads.length + store.downloads.length, 0);
    assert.deepEqual(new Set(store.operations.map(({ traffic }) => traffic)), new Set(['single']));
  });

  it('gives the remaining time, the request id and the trace context to the operation', async () => {
    const traceparent = '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01';
    const metadata = metadataOf({ 'x-request-id': 'order-1', traceparent });
    await failure(head(gateway.client, { metadata, deadline: Date.now() + 5_000 }));
    const [seen] = store.operations;
    assert.equal(seen?.operation.requestId, 'order-1');
    assert.equal(seen.operation.traceparent, traceparent);
    const { seconds = 0n, nanos = 0 } = seen.operation.timeout ?? {};
    const timeoutMs = Number(seconds) * 1_000 + nanos / 1e6;
    assert.ok(timeoutMs > 3_000 && timeoutMs <= 5_000, `${timeoutMs} ms`);
  });

  it('passes an error on with its code, its message and its details byte for byte', async () => {
    const { value } = errorOutcome('REVISION_MISMATCH', 'as the store says it') ?? {};
    const details = [{ typeUrl: 'type.example/anything', value: Buffer.from([1, 2, 3]) }];
    store.script.operation = () => ({
      $case: 'error',
      value: { ...(value as { code: number; message: string; details: [] }), details },
    });
    const error = await failure(head(gateway.client));
    assert.equal(error.code, status.FAILED_PRECONDITION);
    assert.equal(error.message, 'as the store says it');
    assert.ok(Buffer.from(error.details ?? []).includes('type.example/anything'));
  });

  it('answers DEADLINE_EXCEEDED when the store is too slow, and drops its late answer', async () => {
    let answerLate: ((outcome: 'never' | ReturnType<typeof errorOutcome>) => void) | undefined;
    store.script.operation = () =>
      new Promise((resolve) => {
        answerLate = resolve;
      });
    const error = await failure(head(gateway.client, { deadline: Date.now() + 200 }));
    assert.equal(error.code, status.DEADLINE_EXCEEDED);
    delete store.script.operation;
    answerLate?.({ $case: 'head', value: { object: infoOf(666) } });
    await put(gateway.client, Buffer.from('x'));
    assert.equal((await head(gateway.client)).object?.size, 1n);
  });

  it('does not confuse answers that come in another order than the questions', async () => {
    const waiting: (() => void)[] = [];
    store.script.operation = ({ operation }) =>
      new Promise((resolve) => {
        const size = Number(operation.requestId);
        waiting.push(() => resolve({ $case: 'head', value: { object: infoOf(size) } }));
      });
    const sizes = [1, 2, 3, 4, 5];
    const calls = sizes.map((size) =>
      head(gateway.client, { metadata: metadataOf({ 'x-request-id': String(size) }) }),
    );
    await waitUntil('all are asked', () => waiting.length === sizes.length);
    for (const answer of waiting.toReversed()) answer();
    const answers = await Promise.all(calls);
    assert.deepEqual(
      answers.map((answer) => Number(answer.object?.size)),
      sizes,
    );
  });

  it('runs a delete to its end although its caller has gone', async () => {
    let isAsked = false;
    let isDone = false;
    let release: (() => void) | undefined;
    store.script.operation = async () => {
      isAsked = true;
      await new Promise<void>((resolve) => {
        release = resolve;
      });
      isDone = true;
      return { $case: 'delete', value: { deletedRevision: undefined } };
    };
    const caller = gateway.openClient();
    const call = caller.deleteObject(
      { objectId: undefined, ifRevision: undefined },
      () => undefined,
    );
    await waitUntil('the store is asked', () => isAsked);
    call.cancel();
    release?.();
    await waitUntil('the delete is done', () => isDone);
    assert.equal(store.streams(), 1);
  });

  it('fails a request that cannot be decoded alone, and serves everybody else', async () => {
    await put(gateway.client, Buffer.from('x'));
    const bad = gateway.client.makeUnaryRequest(
      '/holdfast.object.v1.ObjectService/HeadObject',
      (bytes: Buffer) => bytes,
      (bytes: Buffer) => bytes,
      Buffer.from([0x0a, 0x7f, 0x01]),
      () => undefined,
    );
    const ended = new Promise((resolve) => {
      bad.on('status', resolve);
    });
    const [answer, ending] = await Promise.all([head(gateway.client), ended]);
    assert.equal(answer.object?.size, 1n);
    assert.equal((ending as { code: number }).code, status.INVALID_ARGUMENT);
  });

  it('answers INTERNAL for a store that answers another question', async () => {
    store.script.operation = () => ({ $case: 'delete', value: { deletedRevision: undefined } });
    assert.equal((await failure(head(gateway.client))).code, status.INTERNAL);
  });

  it('lists through the store, with its errors and for the request id of the caller', async () => {
    const ids: unknown[] = [];
    store.script.list = (request, metadata) => {
      ids.push(metadata.get('x-request-id')[0]);
      return { objects: [infoOf(request.pageSize)], nextPageToken: 'more' };
    };
    const request = {
      usecase: 'tests',
      scopes: [],
      keyPrefix: undefined,
      pageSize: 7,
      pageToken: '',
    };
    const answer = await new Promise<{ nextPageToken: string } | undefined>((resolve) => {
      gateway.client.listObjects(
        request,
        metadataOf({ 'x-request-id': 'list-1' }),
        (_error, value) => resolve(value),
      );
    });
    assert.equal(answer?.nextPageToken, 'more');
    assert.deepEqual(ids, ['list-1']);
  });

  it('serves a payload of 1 MiB in chunks of 256 KiB, and none of an empty one', async () => {
    store.script.operation = () => getOutcome(1_048_576, Buffer.alloc(1_048_576, 7));
    const large = await get(gateway.client);
    assert.deepEqual(
      large.chunks.map(({ length }) => length),
      [262_144, 262_144, 262_144, 262_144],
    );
    store.script.operation = () => getOutcome(0, Buffer.alloc(0));
    const empty = await get(gateway.client);
    assert.equal(empty.error, undefined);
    assert.deepEqual(empty.chunks, []);
    assert.equal(empty.header?.span?.length, 0n);
    assert.equal(store.downloads.length, 0);
  });

  it('keeps single calls and batches apart on streams of their own', async () => {
    const stream = batch(gateway.client);
    stream.send(headOperation(1));
    await stream.received(1);
    await failure(head(gateway.client));
    assert.deepEqual(
      store.operations.map(({ traffic }) => traffic),
      ['bulk', 'single'],
    );
    stream.call.end();
    assert.equal(await stream.ended, undefined);
  });
});
