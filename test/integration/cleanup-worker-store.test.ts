import { status } from '@grpc/grpc-js';
import { maintenance } from '@holdfast/contracts';
import { reasonError, unary, type CallContext, type RpcError } from '@holdfast/rpc';
import { StartupError, systemClock } from '@holdfast/service-kit';
import assert from 'node:assert/strict';
import { once } from 'node:events';
import {
  openMaintenanceStore,
  type MaintenanceStore,
} from '../../services/cleanup-worker/src/store/maintenance-store.js';
import { freePorts } from '../support/cluster-ports.js';
import { waitUntil } from '../support/cluster-wait.js';
import { startTestServer, type TestServer } from './rpc-server/test-server.js';

const contract = maintenance.MaintenanceServiceService;
const { SettleOutcome } = maintenance;

interface StoreProcess {
  readonly port: number;
  readonly settled: maintenance.SettleChangeRequest[];
  readonly reclaimed: maintenance.ReclaimBlobsRequest[];
  /** Called before a settle is answered. */
  before: (context: CallContext) => Promise<void>;
  /** What it is doing is cut off at once. */
  kill(): Promise<void>;
}

/** A server that takes changes for settled. */
async function startStoreServer(): Promise<StoreProcess> {
  const store: Omit<StoreProcess, 'port' | 'kill'> = {
    settled: [],
    reclaimed: [],
    before: () => Promise.resolve(),
  };
  const value = { outcome: SettleOutcome.ALREADY_RESOLVED, blobs: [], deadline: undefined };
  const server: TestServer = await startTestServer([
    unary(contract.settleChange, async (request, context) => {
      store.settled.push(request);
      await store.before(context);
      const results = request.changeIds.map((changeId) => {
        return { changeId, result: { $case: 'settled' as const, value }, change: undefined };
      });
      return { results };
    }),
    unary(contract.reclaimBlobs, async (request) => {
      store.reclaimed.push(request);
      return { results: request.blobs.map((blob) => ({ blob, result: undefined })) };
    }),
    unary(contract.describeStorage, async (request) => {
      return maintenance.DescribeStorageResponse.fromPartial({
        usage: request.includeUnreferenced
          ? [{ usecase: 'photos', unreferencedBytes: 7n, objects: request.includeUsage ? 1n : 0n }]
          : [],
      });
    }),
    unary(contract.discardChanges, async ({ changeIds, reason }) => {
      return {
        results: changeIds.map((changeId) => {
          const refused = { code: status.INTERNAL, message: reason, details: [] };
          return { changeId, result: { $case: 'error' as const, value: refused } };
        }),
      };
    }),
  ]);
  return Object.assign(store, {
    port: server.port,
    async kill() {
      await server.server.close(0);
    },
  });
}

describe('The way to the tiered stores', () => {
  const opened: MaintenanceStore[] = [];
  const servers: StoreProcess[] = [];

  afterEach(async () => {
    await Promise.all(opened.splice(0).map((store) => store.close()));
    await Promise.all(servers.splice(0).map((server) => server.kill()));
  });

  async function startServers(count: number): Promise<readonly StoreProcess[]> {
    for (let started = 0; started < count; started += 1) servers.push(await startStoreServer());
    return servers;
  }

  function open(ports: readonly number[], callMs = 20_000): MaintenanceStore {
    const addresses = ports.map((port) => `127.0.0.1:${port}`);
    const store = openMaintenanceStore({ addresses, callMs }, { clock: systemClock });
    opened.push(store);
    return store;
  }

  /** A store that has just one server. */
  async function openOne(callMs?: number): Promise<readonly [MaintenanceStore, StoreProcess]> {
    const [server = assert.fail()] = await startServers(1);
    return [open([server.port], callMs), server];
  }

  it('asks what the worker needs, and no more', async () => {
    const [store, server] = await openOne();
    const settled = await store.settle(['a', 'b'], {});
    assert.deepEqual(
      settled.map(({ changeId }) => changeId),
      ['a', 'b'],
    );
    await store.settle(['c'], { dryRun: true });
    const settling = { onlyDue: false, ignoreReaders: false };
    assert.deepEqual(server.settled, [
      { changeIds: ['a', 'b'], ...settling, dryRun: false },
      { changeIds: ['c'], ...settling, dryRun: true },
    ]);
    await store.reclaim(['blob'], {});
    // Not none at all, which would mean the default of 24 hours.
    const minAge = { seconds: 0n, nanos: 0 };
    assert.deepEqual(server.reclaimed, [{ blobs: ['blob'], minAge, dryRun: false }]);
    const { usage } = await store.describeUnreferenced({});
    assert.deepEqual(
      usage.map(({ usecase, unreferencedBytes, objects }) => [usecase, unreferencedBytes, objects]),
      [['photos', 7n, 0n]],
    );
    const [discarded] = await store.discard(['a'], 'why', {});
    assert(discarded?.result?.$case === 'error');
    assert.equal(discarded.result.value.message, 'why');
  });

  it('takes all stores in turn', async () => {
    const all = await startServers(3);
    const store = open(all.map(({ port }) => port));
    await waitUntil(
      'all have been asked',
      async () => {
        await store.settle(['a'], {});
        return all.map(({ settled }) => settled.length);
      },
      (counts) => counts.every((count) => count > 0),
    );
  });

  it('asks another store when one is lost in the middle of a call', async () => {
    const [first = assert.fail(), second = assert.fail()] = await startServers(2);
    const store = open([first.port, second.port]);
    for (const server of [first, second]) {
      server.before = async () => {
        server.before = () => Promise.resolve();
        // The other one answers the repeated call.
        for (const other of [first, second]) other.before = () => Promise.resolve();
        await server.kill();
      };
    }
    const results = await store.settle(['a'], {});
    assert.equal(results.length, 1);
    assert.equal(first.settled.length + second.settled.length, 2);
  });

  it('goes on with the stores that are left', async () => {
    const [first = assert.fail(), second = assert.fail()] = await startServers(2);
    const store = open([first.port, second.port]);
    await store.settle(['a'], {});
    await first.kill();
    for (let call = 0; call < 10; call += 1) await store.settle(['b'], {});
    assert.ok(second.settled.length >= 10);
  });

  it('waits a little for a store that is about to come', async () => {
    const [port = 0] = await freePorts(1);
    const [server = assert.fail()] = await startServers(1);
    const store = open([port, server.port]);
    // Nothing is connected yet when this is asked.
    assert.equal((await store.settle(['a'], {})).length, 1);
  });

  it('fails when no store can be reached', async () => {
    const ports = await freePorts(2);
    await assert.rejects(open(ports).settle(['a'], {}), (error: RpcError) => {
      assert.equal(error.code, status.UNAVAILABLE);
      assert.match(error.message, /no tiered store can be reached/);
      return true;
    });
  });

  it('passes on what a store says, without asking another one', async () => {
    const [first = assert.fail(), second = assert.fail()] = await startServers(2);
    for (const server of [first, second]) {
      server.before = () => Promise.reject(reasonError('TIER_UNAVAILABLE', 'the disk is gone'));
    }
    const store = open([first.port, second.port]);
    await assert.rejects(store.settle(['a'], {}), { reason: 'TIER_UNAVAILABLE' });
    assert.equal(first.settled.length + second.settled.length, 1);
  });

  it('does not wait for an answer for ever', async () => {
    const [store, server] = await openOne(1_000);
    let given: AbortSignal | undefined;
    server.before = async ({ signal }) => {
      given = signal;
      await once(signal, 'abort');
    };
    await assert.rejects(store.settle(['a'], {}), { code: status.DEADLINE_EXCEEDED });
    await waitUntil(
      'the store has given up, too',
      () => given?.aborted,
      (aborted) => aborted === true,
    );
  });

  it('ends a call that nobody waits for any more, at the store, too', async () => {
    const [store, server] = await openOne();
    const impatient = new AbortController();
    let given: AbortSignal | undefined;
    server.before = async ({ signal }) => {
      given = signal;
      impatient.abort(new Error('too late'));
      await once(signal, 'abort');
    };
    await assert.rejects(store.settle(['a'], { signal: impatient.signal }));
    await waitUntil(
      'the store has given up, too',
      () => given?.aborted,
      (aborted) => aborted === true,
    );
  });

  it('does not wait for a store when nobody waits for it', async () => {
    const ports = await freePorts(1);
    const impatient = new AbortController();
    const asked = open(ports).settle(['a'], { signal: impatient.signal });
    impatient.abort(new Error('too late'));
    await assert.rejects(asked, /too late/);
  });

  it('refuses certificates that cannot be used, with the setting named', () => {
    assert.throws(
      () =>
        openMaintenanceStore(
          { addresses: ['127.0.0.1:1'], callMs: 1_000, tls: { caFile: '/none/ca.pem' } },
          { clock: systemClock },
        ),
      (error) => error instanceof StartupError && /^tieredStore: .*ca\.pem/.test(error.message),
    );
  });
});
