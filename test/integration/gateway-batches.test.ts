import { status } from '@grpc/grpc-js';
import { object } from '@holdfast/contracts';
import assert from 'node:assert/strict';
import {
  batch,
  deleteOperation,
  get,
  getOperation,
  headOperation,
  putOperation,
  type BatchStream,
} from '../support/gateway/callers.js';
import {
  metadataOf,
  startGatewayUnderTest,
  type GatewayUnderTest,
} from '../support/gateway/gateway-under-test.js';
import { getOutcome, infoOf } from '../support/gateway/memory-objects.js';
import { startScriptedStore, type ScriptedStore } from '../support/gateway/scripted-store.js';
import type { Outcome } from '../support/gateway/store-script.js';
import { waitUntil } from '../support/gateway/wait-until.js';

const traceparent = '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01';
const ownTraceparent = '00-1af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01';

function described(size: number): Outcome {
  return { $case: 'head', value: { object: infoOf(size) } };
}

function sizes(results: readonly object.BatchResult[]): [number, number][] {
  return results
    .map(({ index, outcome }): [number, number] => {
      assert.equal(outcome?.$case, 'head');
      return [index, Number(outcome.value.object?.size)];
    })
    .toSorted(([one], [other]) => one - other);
}

function sendGets(stream: BatchStream, count: number): void {
  for (let sent = 0; sent < count; sent += 100) {
    stream.send(...Array.from({ length: 100 }, (_, index) => getOperation(sent + index)));
  }
}

describe('gateway: batches', () => {
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

  it('gives each caller its own results under its own numbers', async () => {
    store.script.operation = ({ operation }) => described(Number(operation.requestId));
    const one = batch(gateway.client);
    const other = batch(gateway.openClient());
    const count = 300;
    for (let index = 0; index < count; index += 1) {
      one.send({ ...headOperation(index), requestId: String(index) });
      other.send({ ...headOperation(index), requestId: String(100_000 + index) });
    }
    await Promise.all([one.received(count), other.received(count)]);
    const numbers = Array.from({ length: count }, (_, index) => index);
    assert.deepEqual(
      sizes(one.results),
      numbers.map((index) => [index, index]),
    );
    assert.deepEqual(
      sizes(other.results),
      numbers.map((index) => [index, 100_000 + index]),
    );
  });

  it('takes numbers up to the largest, and numbers again whose result has come', async () => {
    store.script.operation = () => described(1);
    const stream = batch(gateway.client);
    for (let round = 1; round <= 3; round += 1) {
      stream.send(headOperation(4_294_967_295), headOperation(0));
      await stream.received(2 * round);
    }
    stream.call.end();
    assert.equal(await stream.ended, undefined);
  });

  it('ends the stream of a caller that gives a number twice, and no other', async () => {
    store.script.operation = () => 'never';
    const other = batch(gateway.openClient());
    const stream = batch(gateway.client);
    stream.send(headOperation(7));
    stream.send(headOperation(7));
    const error = await stream.ended;
    assert.equal(error?.reason, 'INVALID_BATCH');
    assert.equal(error.code, status.INVALID_ARGUMENT);
    assert.equal(error.violations[0]?.field, 'operations.index');
    store.script.operation = () => described(1);
    other.send(headOperation(7));
    await other.received(1);
  });

  it('runs nothing of a message that gives a number twice', async () => {
    const stream = batch(gateway.client);
    stream.send(deleteOperation(1), deleteOperation(2), deleteOperation(1));
    assert.equal((await stream.ended)?.reason, 'INVALID_BATCH');
    assert.equal(store.operations.length, 0);
  });

  it('refuses more than 1,000 operations in one message', async () => {
    const stream = batch(gateway.client);
    stream.send(...Array.from({ length: 1_001 }, (_, index) => headOperation(index)));
    assert.equal((await stream.ended)?.reason, 'INVALID_BATCH');
  });

  it('ends the stream of a caller whose message is malformed, and no other', async () => {
    store.script.operation = () => described(1);
    const other = batch(gateway.openClient());
    other.send(headOperation(1));
    await other.received(1);
    for (const bytes of [
      [0x0a, 0x7f],
      // An operation whose last field claims more bytes than there are.
      [0x0a, 0x04, 0x08, 0x01, 0x22, 0x7f],
      // An operation with the beginning of a group.
      [0x0a, 0x03, 0x08, 0x01, 0x63],
    ]) {
      const call = gateway.client.makeBidiStreamRequest(
        '/holdfast.object.v1.ObjectService/BatchObjects',
        (message: Buffer) => message,
        (message: Buffer) => message,
      );
      const ended = new Promise<number>((resolve) => {
        call.on('status', ({ code }) => resolve(code));
      });
      call.on('error', () => undefined);
      call.on('data', () => undefined);
      call.write(Buffer.from(bytes));
      assert.equal(await ended, status.INVALID_ARGUMENT);
    }
    other.send(headOperation(2));
    await other.received(2);
    assert.equal(store.streams(), 1);
  });

  it('fails an operation that cannot be decoded alone', async () => {
    store.script.operation = () => described(1);
    const call = gateway.client.makeBidiStreamRequest(
      '/holdfast.object.v1.ObjectService/BatchObjects',
      (message: Buffer) => message,
      (message: Buffer) => object.BatchObjectsResponse.decode(message),
    );
    const results: object.BatchResult[] = [];
    call.on('data', (message: object.BatchObjectsResponse) => results.push(...message.results));
    call.on('error', () => undefined);
    // Two heads: the request of the first one is no message, that of the second is empty.
    call.write(
      Buffer.from([0x0a, 0x05, 0x08, 0x01, 0x22, 0x01, 0x7f, 0x0a, 0x04, 0x08, 0x02, 0x22, 0]),
    );
    await waitUntil('both are answered', () => results.length === 2);
    const outcomes = results.toSorted((one, two) => one.index - two.index);
    assert.deepEqual(
      outcomes.map(({ outcome }) => outcome?.$case),
      ['error', 'head'],
    );
    call.cancel();
  });

  it('passes on what it does not know', async () => {
    const stream = batch(gateway.client);
    stream.send({ index: 3, operation: undefined });
    const [result] = await stream.received(1);
    assert.equal(result?.index, 3);
    assert.equal(result.outcome?.$case, 'error');
  });

  it('answers what is outstanding when the caller has closed its side, and ends well', async () => {
    const waiting: (() => void)[] = [];
    store.script.operation = () =>
      new Promise((resolve) => {
        waiting.push(() => resolve(described(1)));
      });
    const stream = batch(gateway.client);
    stream.send(headOperation(1), headOperation(2));
    stream.call.end();
    await waitUntil('both are asked', () => waiting.length === 2);
    for (const answer of waiting) answer();
    assert.equal(await stream.ended, undefined);
    assert.equal(stream.results.length, 2);
  });

  it('drops what comes for a caller that has gone', async () => {
    const waiting: (() => void)[] = [];
    store.script.operation = () =>
      new Promise((resolve) => {
        waiting.push(() => resolve(described(1)));
      });
    const gone = batch(gateway.openClient());
    gone.send(headOperation(1), putOperation(2, Buffer.alloc(1_000)));
    await waitUntil('both are asked', () => waiting.length === 2);
    gone.call.cancel();
    await waitUntil('the caller is missed', async () => {
      return (await gateway.metric('rpc_calls_in_flight', 'BatchObjects')) === 0;
    });
    assert.ok((await gateway.metric('gateway_held_bytes')) > 1_000, 'what runs is held');
    for (const answer of waiting) answer();
    await waitUntil('nothing is held', async () => {
      return (await gateway.metric('gateway_held_bytes')) === 0;
    });
    const stream = batch(gateway.client);
    store.script.operation = () => described(9);
    stream.send(headOperation(1));
    await stream.received(1);
    assert.deepEqual(sizes(stream.results), [[1, 9]]);
  });

  it('fails an operation alone whose time is over', async () => {
    store.script.operation = ({ operation }) =>
      operation.index % 2 === 0 ? 'never' : described(1);
    const stream = batch(gateway.client);
    const timeout = { seconds: 0n, nanos: 100_000_000 };
    stream.send({ ...headOperation(1), timeout }, { ...headOperation(2), timeout });
    const results = await stream.received(2);
    const failed = results.filter(({ outcome }) => outcome?.$case === 'error');
    assert.equal(failed.length, 1);
    assert.equal(failed[0]?.outcome?.$case, 'error');
    assert.equal(failed[0].outcome.value.code, status.DEADLINE_EXCEEDED);
    stream.call.end();
    assert.equal(await stream.ended, undefined);
  });

  it('counts what an operation waits for room as its time', async () => {
    const waiting: (() => void)[] = [];
    store.script.operation = () =>
      new Promise((resolve) => {
        waiting.push(() => resolve(getOutcome(0, Buffer.alloc(0))));
      });
    const tight = await startGatewayUnderTest([store.address], {
      limits: { payloadBytesMax: 8 * 1_048_576 },
    });
    const stream = batch(tight.client);
    const timeout = { seconds: 0n, nanos: 200_000_000 };
    const begun = Date.now();
    stream.send(...Array.from({ length: 16 }, (_, index) => ({ ...getOperation(index), timeout })));
    await waitUntil('there is no room for all', async () => {
      return (await tight.metric('gateway_held_bytes_waiting')) > 0 && waiting.length > 0;
    });
    await waitUntil('their time is over', () => Date.now() > begun + 300);
    const asked = waiting.length;
    for (const answer of waiting) answer();
    const results = await stream.received(16);
    assert.equal(store.operations.length, asked);
    const failed = results.filter(({ outcome }) => outcome?.$case === 'error');
    assert.ok(failed.length >= 16 - asked);
    for (const { outcome } of failed) {
      assert.equal(outcome?.$case, 'error');
      assert.equal(outcome.value.code, status.DEADLINE_EXCEEDED);
    }
    await tight.shutDown();
  });

  it('gives operations the trace context of their stream, unless they have a well-formed one', async () => {
    store.script.operation = () => described(1);
    const stream = batch(gateway.client, { metadata: metadataOf({ traceparent }) });
    stream.send(
      headOperation(1),
      { ...headOperation(2), traceparent: ownTraceparent },
      { ...headOperation(3), traceparent: 'malformed' },
    );
    await stream.received(3);
    assert.deepEqual(
      store.operations.map(({ operation }) => operation.traceparent),
      [traceparent, ownTraceparent, traceparent],
    );
  });

  it('counts operations by their kind, and connections', async () => {
    store.script.operation = () => described(1);
    const stream = batch(gateway.client);
    stream.send(headOperation(1), headOperation(2), deleteOperation(3));
    await stream.received(3);
    await waitUntil('all are counted', async () => {
      const kinds = ['head', 'delete', 'put'];
      const counts = kinds.map((kind) =>
        gateway.metric('gateway_batch_operations_total', `kind="${kind}"`),
      );
      return String(await Promise.all(counts)) === '2,1,0';
    });
    assert.equal(await gateway.metric('rpc_connections'), 1);
  });

  it('reads no further from a caller who does not read its results', async () => {
    const payload = Buffer.alloc(20_000, 5);
    store.script.operation = () => getOutcome(payload.length, payload);
    const impatient = await startGatewayUnderTest([store.address], {
      limits: { stallMsMax: 2_000 },
    });
    const stream = batch(impatient.client);
    stream.call.pause();
    sendGets(stream, 3_000);
    await waitUntil('the store is asked', () => store.operations.length > 0);
    // The caller has all the time to read that it may take.
    await waitUntil('the gateway gives the caller up', async () => {
      return (await impatient.metric('rpc_calls_in_flight', 'BatchObjects')) === 0;
    });
    assert.ok(store.operations.length < 1_500, `${store.operations.length} were asked`);
    stream.call.cancel();
    await impatient.shutDown();
  });

  it('goes on once a caller reads its results after all', async () => {
    const payload = Buffer.alloc(20_000, 5);
    store.script.operation = () => getOutcome(payload.length, payload);
    const stream = batch(gateway.client);
    stream.call.pause();
    sendGets(stream, 3_000);
    await waitUntil('results take all the room of the stream', async () => {
      return (await gateway.metric('gateway_held_bytes')) > 15 * 1_048_576;
    });
    stream.call.resume();
    await stream.received(3_000);
  });

  it('keeps room for no more than small results that a caller does not read', async () => {
    const payload = Buffer.alloc(2_000, 5);
    store.script.operation = () => getOutcome(payload.length, payload);
    const tight = await startGatewayUnderTest([store.address], {
      limits: { payloadBytesMax: 80 * 1_048_576 },
    });
    const stream = batch(tight.client);
    stream.call.pause();
    sendGets(stream, 1_000);
    await waitUntil('all are asked', () => store.operations.length === 1_000);
    await waitUntil('all are answered', async () => {
      return (await tight.metric('gateway_upstream_outstanding')) === 0;
    });
    assert.ok((await tight.metric('gateway_held_bytes')) < 4 * 1_048_576);
    assert.equal((await get(tight.openClient())).chunks.length, 1);
    stream.call.resume();
    await stream.received(1_000);
    await tight.shutDown();
  });

  it('lets one caller who does not read its results take 64 MiB, and serves others', async () => {
    const payload = Buffer.alloc(1_048_000, 5);
    store.script.operation = () => getOutcome(payload.length, payload);
    const tight = await startGatewayUnderTest([store.address], {
      limits: { payloadBytesMax: 80 * 1_048_576 },
    });
    const stream = batch(tight.client);
    stream.call.pause();
    sendGets(stream, 100);
    await waitUntil('it has what it may', async () => {
      const isIdle = (await tight.metric('gateway_upstream_outstanding')) === 0;
      return isIdle && (await tight.metric('gateway_held_bytes')) > 60 * 1_048_576;
    });
    assert.ok((await tight.metric('gateway_held_bytes')) <= 64 * 1_048_576);
    assert.equal(await tight.metric('gateway_held_bytes_waiting'), 0);
    assert.equal((await get(tight.openClient())).error, undefined);
    stream.call.cancel();
    await tight.shutDown();
  });

  it('holds no more than the bytes that may be held, whatever is asked for', async () => {
    const payload = Buffer.alloc(1_048_576, 5);
    store.script.operation = () => getOutcome(payload.length, payload);
    const tight = await startGatewayUnderTest([store.address], {
      limits: { payloadBytesMax: 8 * 1_048_576 },
    });
    const stream = batch(tight.client);
    stream.send(...Array.from({ length: 64 }, (_, index) => getOperation(index)));
    let heldMax = 0;
    while (stream.results.length < 64) {
      heldMax = Math.max(heldMax, await tight.metric('gateway_held_bytes'));
    }
    assert.ok(heldMax <= 9 * 1_048_576, `${heldMax} bytes were held`);
    const gone = batch(tight.openClient());
    gone.call.pause();
    gone.send(...Array.from({ length: 64 }, (_, index) => getOperation(index)));
    await waitUntil('it holds all there is', async () => {
      return (await tight.metric('gateway_held_bytes_waiting')) > 0;
    });
    gone.call.cancel();
    await waitUntil('nothing is held', async () => {
      return (await tight.metric('gateway_held_bytes')) === 0;
    });
    await tight.shutDown();
  });
});
