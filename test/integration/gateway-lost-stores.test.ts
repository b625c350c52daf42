import { status } from '@grpc/grpc-js';
import type { RpcError } from '@holdfast/rpc';
import assert from 'node:assert/strict';
import {
  batch,
  deleteOperation,
  failure,
  getOperation,
  head,
  headOperation,
  put,
  putOperation,
  remove,
  startGet,
  upload,
} from '../support/gateway/callers.js';
import {
  metadataOf,
  startGatewayUnderTest,
  type GatewayUnderTest,
} from '../support/gateway/gateway-under-test.js';
import { errorOutcome, infoOf } from '../support/gateway/memory-objects.js';
import { startScriptedStore, type ScriptedStore } from '../support/gateway/scripted-store.js';
import type { Outcome } from '../support/gateway/store-script.js';
import { waitUntil } from '../support/gateway/wait-until.js';

const described: Outcome = { $case: 'head', value: { object: infoOf(1) } };

describe('gateway: stores that go away', () => {
  let stores: ScriptedStore[] = [];
  let gateway: GatewayUnderTest;

  async function start(
    count: number,
    settings: Parameters<typeof startGatewayUnderTest>[1] = {},
  ): Promise<ScriptedStore> {
    stores = await Promise.all(Array.from({ length: count }, () => startScriptedStore()));
    gateway = await startGatewayUnderTest(
      stores.map(({ address }) => address),
      settings,
    );
    await waitUntil('stores are ready', async () => {
      return (await gateway.metric('gateway_stores_ready')) === count;
    });
    const [store] = stores;
    assert.ok(store !== undefined);
    return store;
  }

  afterEach(async () => {
    await gateway.shutDown();
    await Promise.all(stores.map((store) => store.close()));
  });

  /** The one that is asked dies with the question, once. */
  function dieOnce(answer: Outcome = described): void {
    let hasDied = false;
    for (const store of stores) {
      store.script.operation = async () => {
        if (hasDied) return answer;
        hasDied = true;
        await store.line.cut();
        return 'never';
      };
    }
  }

  function asked(): number {
    return stores.reduce((sum, store) => sum + store.operations.length, 0);
  }

  it('repeats a read that was lost with its store at another one', async () => {
    await start(2);
    dieOnce();
    assert.equal((await head(gateway.client)).object?.size, 1n);
    assert.equal(asked(), 2);
    assert.equal(await gateway.metric('gateway_retries_total', 'kind="repeated"'), 1);
  });

  it('repeats a read that was lost with the only store when that is back', async () => {
    const store = await start(1);
    dieOnce();
    const call = head(gateway.client);
    await waitUntil('it is asked', () => asked() === 1);
    await store.line.reopen();
    assert.equal((await call).object?.size, 1n);
  });

  it('leaves it to a caller who repeats by itself', async () => {
    await start(2);
    dieOnce();
    const metadata = metadataOf({ 'holdfast-retries': 'caller' });
    const error = await failure(head(gateway.client, { metadata }));
    assert.equal(error.code, status.UNAVAILABLE);
    assert.equal(error.reason, 'TIER_UNAVAILABLE');
    assert.equal(asked(), 1);
  });

  it('repeats a read once only', async () => {
    await start(3);
    for (const store of stores) {
      store.script.operation = () => store.line.cut().then((): 'never' => 'never');
    }
    assert.equal((await failure(head(gateway.client))).reason, 'TIER_UNAVAILABLE');
    assert.equal(asked(), 2);
  });

  it('never repeats a write that may have run, and says that its outcome is unknown', async () => {
    await start(2);
    dieOnce();
    const deleted = await failure(remove(gateway.client));
    assert.equal(deleted.code, status.UNAVAILABLE);
    assert.equal(deleted.reason, 'OUTCOME_UNKNOWN');
    dieOnce();
    const stored = await failure(put(gateway.client, Buffer.from('x')));
    assert.equal(stored.reason, 'OUTCOME_UNKNOWN');
    assert.equal(asked(), 2);
  });

  it('moves whatever a store refuses because it shuts down', async () => {
    await start(2);
    let refusals = 0;
    for (const store of stores) {
      store.script.operation = ({ operation }) => {
        if (refusals === 0) {
          refusals += 1;
          return errorOutcome('SHUTTING_DOWN', 'the server is shutting down');
        }
        assert.equal(operation.operation?.$case, 'delete');
        return { $case: 'delete', value: { deletedRevision: 'r' } };
      };
    }
    assert.equal((await remove(gateway.client)).deletedRevision, 'r');
  });

  it('lets calls wait for a store that restarts', async () => {
    const store = await start(1);
    store.script.operation = () => described;
    await store.line.cut();
    await waitUntil('it is missed', async () => {
      return (await gateway.metric('gateway_stores_ready')) === 0;
    });
    const calls = Array.from({ length: 50 }, () => head(gateway.client));
    await waitUntil('all wait', async () => (await gateway.metric('gateway_waiting')) === 50);
    await store.line.reopen();
    assert.equal((await Promise.all(calls)).length, 50);
    assert.equal(asked(), 50);
  });

  it('sends nothing any more for callers who have gone while it waited for a store', async () => {
    const store = await start(1);
    await store.line.cut();
    await waitUntil('it is missed', async () => {
      return (await gateway.metric('gateway_stores_ready')) === 0;
    });
    const caller = gateway.openClient();
    const id = { objectId: undefined, ifRevision: undefined };
    const calls = [
      caller.headObject(id, () => undefined),
      caller.deleteObject(id, () => undefined),
      upload(caller).header().chunk(Buffer.from('x')).finish(1).end().call,
      startGet(caller).on('error', () => undefined),
    ];
    const stream = batch(caller);
    stream.send(deleteOperation(1), putOperation(2, Buffer.from('x')));
    await waitUntil('all wait', async () => (await gateway.metric('gateway_waiting')) === 6);
    for (const call of [...calls, stream.call]) call.cancel();
    await waitUntil('none waits', async () => (await gateway.metric('gateway_waiting')) === 0);
    await store.line.reopen();
    store.script.operation = () => described;
    await head(gateway.client);
    assert.equal(asked(), 1);
  });

  it('gives up after a bounded wait, or at the deadline', async () => {
    const store = await start(1, { tieredStore: { waitMs: 400 } });
    await store.line.cut();
    await waitUntil('it is missed', async () => {
      return (await gateway.metric('gateway_stores_ready')) === 0;
    });
    const [waited, late, streamed] = await Promise.all([
      failure(remove(gateway.client)),
      failure(head(gateway.client, { deadline: Date.now() + 100 })),
      failure(put(gateway.client, Buffer.alloc(600_000))),
    ]);
    assert.equal(waited.reason, 'TIER_UNAVAILABLE');
    assert.equal(late.code, status.DEADLINE_EXCEEDED);
    assert.equal(streamed.reason, 'TIER_UNAVAILABLE');
    assert.equal(asked(), 0);
  });

  it('tells readiness and health whether a store can be reached', async () => {
    const store = await start(1);
    const ready = async (): Promise<number> =>
      (await fetch(`${gateway.httpAddress}/readyz`)).status;
    await waitUntil('it is ready', async () => (await ready()) === 200);
    await store.line.cut();
    await waitUntil('it is not ready', async () => (await ready()) === 503);
    await store.line.reopen();
    await waitUntil('it is ready again', async () => (await ready()) === 200);
  });

  it('answers each operation of a batch on its own when the store dies, and goes on', async () => {
    const store = await start(1);
    store.script.operation = () => 'never';
    const stream = batch(gateway.client);
    stream.send(
      headOperation(1),
      getOperation(2),
      deleteOperation(3),
      putOperation(4, Buffer.from('x')),
    );
    await waitUntil('all are asked', () => asked() === 4);
    await store.line.cut();
    store.script.operation = ({ operation }) =>
      operation.operation?.$case === 'head' ? described : errorOutcome('OBJECT_NOT_FOUND', 'none');
    await store.line.reopen();
    const results = (await stream.received(4)).toSorted((one, other) => one.index - other.index);
    const words = results.map(({ outcome }) =>
      outcome?.$case === 'error' ? outcome.value.code : outcome?.$case,
    );
    assert.deepEqual(words, ['head', status.NOT_FOUND, status.UNAVAILABLE, status.UNAVAILABLE]);
    stream.send(headOperation(1));
    await stream.received(5);
    stream.call.end();
    assert.equal(await stream.ended, undefined);
  });

  it('loses nothing but sent writes when the store restarts again and again under load', async () => {
    const store = await start(1);
    const executed = new Map<string, number>();
    store.script.operation = ({ operation }) => {
      const id = operation.requestId ?? '';
      executed.set(id, (executed.get(id) ?? 0) + 1);
      return operation.operation?.$case === 'head'
        ? described
        : { $case: 'delete', value: { deletedRevision: undefined } };
    };
    const outcomes = new Map<string, string>();
    const over = new AbortController();
    const caller = async (name: string): Promise<void> => {
      for (let count = 0; !over.signal.aborted; count += 1) {
        const id = `${name}-${count}`;
        const metadata = metadataOf({ 'x-request-id': id });
        const isRead = count % 2 === 0;
        const call = isRead
          ? head(gateway.client, { metadata })
          : remove(gateway.client, { metadata });
        const outcome = await call.then(
          () => 'ok',
          (error: unknown) => (error as RpcError).reason ?? 'no reason',
        );
        outcomes.set(`${isRead ? 'read' : 'write'} ${id}`, outcome);
      }
    };
    const callers = Array.from({ length: 16 }, (_, index) => caller(`caller${index}`));
    for (let round = 0; round < 5; round += 1) {
      const before = outcomes.size;
      await waitUntil('calls are answered', () => outcomes.size > before + 100);
      await store.line.cut();
      await store.line.reopen();
    }
    over.abort();
    await Promise.all(callers);
    for (const [call, outcome] of outcomes) {
      const [kind = '', id = ''] = call.split(' ');
      if (kind === 'write') {
        assert.ok(outcome === 'ok' || outcome === 'OUTCOME_UNKNOWN', `${call}: ${outcome}`);
        assert.ok((executed.get(id) ?? 0) <= 1, `${call} ran twice`);
      } else {
        assert.ok(outcome === 'ok' || outcome === 'TIER_UNAVAILABLE', `${call}: ${outcome}`);
      }
    }
    const lostReads = [...outcomes].filter(
      ([call, outcome]) => call.startsWith('read') && outcome !== 'ok',
    );
    assert.deepEqual(lostReads, []);
  });
});
