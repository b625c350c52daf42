import { credentials, status } from '@grpc/grpc-js';
import { object } from '@holdfast/contracts';
import type { RpcError } from '@holdfast/rpc';
import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { freePorts } from '../support/cluster-ports.js';
import { createClusterService, type ClusterService } from '../support/cluster-service.js';
import { startCluster, type Cluster } from '../support/cluster.js';
import {
  batch,
  failure,
  get,
  getOperation,
  getRequest,
  head,
  headOperation,
  put,
  putOperation,
  remove,
  upload,
} from '../support/gateway/callers.js';
import { infoOf } from '../support/gateway/memory-objects.js';
import { startScriptedStore, type ScriptedStore } from '../support/gateway/scripted-store.js';
import { waitUntil } from '../support/gateway/wait-until.js';

function clientOf({ address }: { readonly address: string }): object.ObjectServiceClient {
  return new object.ObjectServiceClient(address, credentials.createInsecure(), {
    'grpc.use_local_subchannel_pool': 1,
    'grpc.max_receive_message_length': 4 * 1024 * 1024,
  });
}

describe('gateway: the process', () => {
  let store: ScriptedStore;
  let gateway: ClusterService;
  let client: object.ObjectServiceClient;

  before(async () => {
    store = await startScriptedStore();
    const [port = 0, httpPort = 0] = await freePorts(2);
    const settings = {
      HOLDFAST_TIERED_STORE__ADDRESSES: store.address,
      HOLDFAST_SHUTDOWN__DRAIN_MS: '5000',
    };
    gateway = createClusterService({ name: 'gateway', port, httpPort, settings });
  });

  beforeEach(async () => {
    await gateway.start();
    client = clientOf(gateway);
  });

  afterEach(async () => {
    client.close();
    delete store.script.operation;
    delete store.script.upload;
    if (gateway.isRunning()) await gateway.kill();
  });

  after(() => store.close());

  it('answers what runs when it is told to end, ends batches with SHUTTING_DOWN, and exits well', async () => {
    const waiting: (() => void)[] = [];
    store.script.operation = () =>
      new Promise((resolve) => {
        waiting.push(() => resolve({ $case: 'head', value: { object: infoOf(1) } }));
      });
    const idle = batch(client);
    const busy = batch(client);
    busy.send(headOperation(1), headOperation(2));
    const single = head(client);
    await waitUntil('all are asked', () => waiting.length === 3);
    const exit = gateway.terminate();
    assert.equal((await idle.ended)?.reason, 'SHUTTING_DOWN');
    assert.equal((await failure(head(clientOf(gateway)))).code, status.UNAVAILABLE);
    for (const answer of waiting) answer();
    assert.equal((await single).object?.size, 1n);
    assert.equal((await busy.ended)?.reason, 'SHUTTING_DOWN');
    assert.equal(busy.results.length, 2);
    assert.deepEqual(await exit, { code: 0, signal: null });
  });

  it('lets an upload go on that runs when it is told to end', async () => {
    const call = upload(client).header().chunk(Buffer.alloc(262_144)).chunk(Buffer.alloc(1));
    await waitUntil('the store has it', () => (store.uploads.at(-1)?.bytes ?? 0) > 0);
    const exit = gateway.terminate();
    call.chunk(Buffer.alloc(1_000)).finish(263_145).end();
    assert.equal((await call.response).size, 263_145n);
    assert.deepEqual(await exit, { code: 0, signal: null });
  });

  it('is ended in its time although a store never answers', async () => {
    store.script.operation = () => 'never';
    const before = store.operations.length;
    const call = failure(head(client));
    await waitUntil('it is asked', () => store.operations.length > before);
    const begun = Date.now();
    const exit = await gateway.terminate();
    const tookMs = Date.now() - begun;
    assert.ok(tookMs < 8_000, `${tookMs} ms`);
    assert.equal((await call).code, status.UNAVAILABLE);
    assert.equal(exit.signal, null);
  });

  it('does not start with a setting that it does not know, and says which', async () => {
    await gateway.terminate();
    const exit = await gateway.startInVain({ HOLDFAST_LIMITS__NO_SUCH: '1' });
    assert.equal(exit.code, 78);
    assert.ok(gateway.lines.some((line) => line.includes('limits.noSuch')));
  });
});

describe('gateway: before a real tiered store', () => {
  let cluster: Cluster;
  let client: object.ObjectServiceClient;

  before(async () => {
    cluster = await startCluster();
    client = clientOf(cluster.gateway);
  });

  after(async () => {
    client.close();
    await cluster.close();
  });

  it('stores and returns payloads of all sizes, byte for byte', async () => {
    for (const size of [0, 1, 262_144, 262_145, 1_048_576, 1_048_577, 5_000_001]) {
      const payload = randomBytes(size);
      const stored = await put(client, payload);
      assert.equal(stored.size, BigInt(size));
      const { header, chunks, error } = await get(client);
      assert.equal(error, undefined);
      assert.equal(header?.object?.revision, stored.revision);
      assert.ok(Buffer.concat(chunks).equals(payload), `${size} bytes`);
      assert.ok(chunks.every(({ length }) => length > 0 && length <= 262_144));
      const range = { start: { $case: 'suffix', value: 10n }, last: undefined } as const;
      if (size === 0) continue;
      const end = await get(client, getRequest({ range }));
      assert.ok(Buffer.concat(end.chunks).equals(payload.subarray(-10)));
    }
    await remove(client);
    assert.equal((await failure(head(client))).reason, 'OBJECT_NOT_FOUND');
  });

  it('names the field of the upload when a checksum is wrong, small or large', async () => {
    for (const size of [3, 600_000]) {
      const call = upload(client).header().chunk(Buffer.alloc(size, 1)).finish(size, 12_345).end();
      const error = await failure(call.response);
      assert.equal(error.reason, 'CONTENT_MISMATCH');
      assert.equal(error.violations[0]?.field, 'finish.crc32c');
    }
  });

  it('serves everybody else while one caller sends what cannot be decoded', async () => {
    await put(client, Buffer.from('x'));
    const stream = batch(client);
    stream.send(putOperation(1, Buffer.from('y')), getOperation(2), headOperation(3));
    await stream.received(3);
    for (const method of ['HeadObject', 'DeleteObject', 'GetObject']) {
      const bad = client.makeUnaryRequest(
        `/holdfast.object.v1.ObjectService/${method}`,
        (bytes: Buffer) => bytes,
        (bytes: Buffer) => bytes,
        Buffer.from([0x0a, 0x7f, 0x01]),
        () => undefined,
      );
      const ended = await new Promise<{ readonly code: number }>((resolve) => {
        bad.on('status', resolve);
      });
      assert.equal(ended.code, status.INVALID_ARGUMENT, method);
    }
    stream.send(headOperation(4));
    await stream.received(4);
    assert.ok(stream.results.every(({ outcome }) => outcome?.$case !== 'error'));
    stream.call.end();
    assert.equal(await stream.ended, undefined);
  });

  it('waits for a store that is killed and started again', async () => {
    await put(client, Buffer.from('before'));
    await cluster.tieredStore.kill();
    const restarted = cluster.tieredStore.start();
    const outcomes = await Promise.all(
      Array.from({ length: 20 }, () =>
        head(client).then(
          () => 'answered',
          (error: unknown) => (error as RpcError).reason,
        ),
      ),
    );
    await restarted;
    for (const outcome of outcomes) assert.match(String(outcome), /^(answered|TIER_UNAVAILABLE)$/);
    await waitUntil('it serves', () =>
      head(client).then(
        () => true,
        () => false,
      ),
    );
    assert.equal(Buffer.concat((await get(client)).chunks).toString(), 'before');
  });
});
