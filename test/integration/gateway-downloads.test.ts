import { status, type ServiceError } from '@grpc/grpc-js';
import type { object } from '@holdfast/contracts';
import { fromServiceError } from '@holdfast/rpc';
import assert from 'node:assert/strict';
import { get, getRequest, startGet } from '../support/gateway/callers.js';
import {
  startGatewayUnderTest,
  type GatewayUnderTest,
} from '../support/gateway/gateway-under-test.js';
import { errorOutcome, getOutcome, infoOf, revisionOf } from '../support/gateway/memory-objects.js';
import { startScriptedStore, type ScriptedStore } from '../support/gateway/scripted-store.js';
import { serviceError } from '../support/gateway/service-error.js';
import { waitUntil } from '../support/gateway/wait-until.js';

const chunk = Buffer.alloc(256 * 1024, 3);
const size = 8 * chunk.length;

async function* download(chunks: number): AsyncGenerator<object.GetObjectResponse> {
  const span = { offset: 0n, length: BigInt(size) };
  yield { message: { $case: 'header', value: { object: infoOf(size), span } } };
  for (let index = 0; index < chunks; index += 1) {
    yield { message: { $case: 'chunk', value: chunk } };
  }
}

describe('gateway: large downloads', () => {
  let store: ScriptedStore;
  let gateway: GatewayUnderTest;

  beforeEach(async () => {
    store = await startScriptedStore({
      operation: () => getOutcome(size, undefined),
      download: () => download(8),
    });
    gateway = await startGatewayUnderTest([store.address], { limits: { stallMsMax: 2_000 } });
  });

  afterEach(async () => {
    await gateway.shutDown();
    await store.close();
  });

  it('come from the store at the revision that was found, with the range asked for', async () => {
    const range = { start: { $case: 'first', value: 5n }, last: undefined } as const;
    const { header, chunks, error } = await get(gateway.client, getRequest({ range }));
    assert.equal(error, undefined);
    assert.equal(header?.object?.revision, revisionOf(1));
    assert.equal(Buffer.concat(chunks).length, size);
    const [seen] = store.downloads;
    assert.equal(seen?.request.ifRevision, revisionOf(1));
    assert.deepEqual(seen.request.range, range);
  });

  it('begin again when the object was replaced meanwhile', async () => {
    let round = 0;
    store.script.operation = () => getOutcome(size, undefined, revisionOf((round += 1)));
    store.script.download = ({ request }) => {
      if (request.ifRevision === revisionOf(3)) return download(8);
      throw serviceError(round === 1 ? 'REVISION_MISMATCH' : 'OBJECT_NOT_FOUND', 'another one');
    };
    const { chunks, error } = await get(gateway.client);
    assert.equal(error, undefined);
    assert.equal(chunks.length, 8);
    assert.equal(store.downloads.length, 3);
  });

  it('give up an object that is replaced again and again', async () => {
    store.script.download = () => {
      throw serviceError('REVISION_MISMATCH', 'another one');
    };
    const { error } = await get(gateway.client);
    assert.equal(error?.reason, 'TIER_UNAVAILABLE');
    assert.equal(store.downloads.length, 3);
  });

  it('end as the store says for a caller who asks for a certain revision', async () => {
    store.script.download = () => {
      throw serviceError('REVISION_MISMATCH', 'it is at another one');
    };
    const request = getRequest({ ifRevision: revisionOf(1) });
    const { error } = await get(gateway.client, request);
    assert.equal(error?.reason, 'REVISION_MISMATCH');
    assert.equal(error.message, 'it is at another one');
    assert.equal(store.downloads.length, 1);
    assert.equal(store.downloads[0]?.request.ifRevision, revisionOf(1));
  });

  it('are asked for as a range that cannot be satisfied with its own error', async () => {
    store.script.operation = () => errorOutcome('RANGE_NOT_SATISFIABLE', 'outside');
    assert.equal((await get(gateway.client)).error?.code, status.OUT_OF_RANGE);
  });

  it('end with the error of the store after the chunks that came', async () => {
    store.script.download = async function* damaged() {
      yield* download(7);
      throw serviceError('CHECKSUM_MISMATCH', 'damaged');
    };
    const { chunks, error } = await get(gateway.client);
    assert.equal(error?.code, status.DATA_LOSS);
    assert.ok(chunks.length <= 7);
  });

  it('are cancelled at the store when the caller goes away', async () => {
    store.script.download = () => download(1_000_000);
    const call = startGet(gateway.client);
    call.on('error', () => undefined);
    await new Promise((resolve) => {
      call.once('data', resolve);
    });
    call.cancel();
    await waitUntil('it is cancelled', () => store.downloads[0]?.isCancelled === true);
    await waitUntil('nothing is held', async () => {
      return (await gateway.metric('gateway_held_bytes')) === 0;
    });
  });

  it('are cancelled at the store when the deadline passes', async () => {
    store.script.download = () => download(1_000_000);
    const call = startGet(gateway.client, getRequest(), { deadline: Date.now() + 400 });
    const code = await new Promise((resolve) => {
      call.on('data', () => undefined);
      call.on('error', () => undefined);
      call.on('status', (ended) => resolve(ended.code));
    });
    assert.equal(code, status.DEADLINE_EXCEEDED);
    await waitUntil('it is cancelled', () => store.downloads[0]?.isCancelled === true);
  });

  it('are not taken from the store faster than the caller takes them', async () => {
    store.script.download = () => download(1_000);
    const call = startGet(gateway.client);
    call.on('error', () => undefined);
    await new Promise((resolve) => {
      call.once('data', resolve);
    });
    call.pause();
    const [seen] = store.downloads;
    // It had all the time that a caller has to take a byte.
    await waitUntil('the gateway gives the caller up', () => seen?.isCancelled === true);
    assert.ok((seen?.sent ?? 0) < 60, `${seen?.sent} chunks of 256 KiB were taken`);
    call.cancel();
  });

  it('fail UNAVAILABLE when the store dies amid them', async () => {
    store.script.download = async function* slow() {
      yield* download(3);
      await new Promise((resolve) => {
        setTimeout(resolve, 60_000).unref();
      });
    };
    const call = startGet(gateway.client);
    const failed = new Promise<ServiceError>((resolve) => {
      call.once('error', resolve);
    });
    let messages = 0;
    call.on('data', () => {
      messages += 1;
    });
    await waitUntil('the caller has some of it', () => messages > 1);
    await store.line.cut();
    const error = fromServiceError(await failed);
    assert.equal(error.code, status.UNAVAILABLE);
    assert.equal(error.reason, 'TIER_UNAVAILABLE');
  });

  it('begin again elsewhere when the store dies before the first message', async () => {
    const other = await startScriptedStore(store.script);
    const both = await startGatewayUnderTest([store.address, other.address]);
    let begun = 0;
    store.script.download = async function* dead() {
      begun += 1;
      if (begun === 1) {
        const victim = store.downloads.length > 0 ? store : other;
        await victim.line.cut();
        await new Promise((resolve) => {
          setTimeout(resolve, 60_000).unref();
        });
      }
      yield* download(8);
    };
    await waitUntil(
      'both are ready',
      async () => (await both.metric('gateway_stores_ready')) === 2,
    );
    const { chunks, error } = await get(both.client);
    assert.equal(error, undefined);
    assert.equal(chunks.length, 8);
    assert.equal(begun, 2);
    await both.shutDown();
    await other.close();
  });

  it('fail STREAM_STALLED when the store sends nothing for too long', async () => {
    store.script.download = async function* stalled() {
      yield* download(1);
      await new Promise((resolve) => {
        setTimeout(resolve, 60_000).unref();
      });
    };
    const { error } = await get(gateway.client);
    assert.equal(error?.reason, 'STREAM_STALLED');
    await waitUntil('it is cancelled', () => store.downloads[0]?.isCancelled === true);
  });
});
