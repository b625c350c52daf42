import { describeSweepLedger, type SweepLedgerUnderTest } from '@holdfast/testkit';
import assert from 'node:assert/strict';
import { setTimeout as sleep } from 'node:timers/promises';
import {
  createSweepLedgerBench,
  longLeaseMs,
  reportOf,
} from '../../packages/testkit/src/contracts/sweep-ledger-under-test.js';
import { startRedisProxy } from '../support/redis-proxy.js';
import { newPrefix, openSweeps } from '../support/redis-queue.js';
import { requireRedis, startRedis, type RedisServer } from '../support/redis.js';

/** Generous: the machine may be busy. */
const leaseMs = 500;
/** As many as the ledger keeps. */
const reportsMax = 100;

describe('The ledger of sweeps on Redis', () => {
  let server: RedisServer;

  before(async function () {
    requireRedis(this);
    server = await startRedis();
  });

  after(() => server?.remove());

  async function open(): Promise<SweepLedgerUnderTest> {
    const prefix = newPrefix();
    const way = await startRedisProxy(server.port);
    const [own, other] = await Promise.all([
      openSweeps({ url: way.url, prefix }),
      openSweeps({ url: server.url, prefix }),
    ]);
    return {
      ledger: own.ledger,
      other: other.ledger,
      leaseMs,
      reportsMax,
      advance: sleep,
      takeDown: async () => way.cut(),
      async close() {
        for (const close of [own.close, other.close, way.close]) await close();
      },
    };
  }

  describeSweepLedger('Redis', open);

  it('forgets in some minutes which run was in the way of another', async () => {
    const prefix = newPrefix();
    const { ledger, close } = await openSweeps({ url: server.url, prefix });
    const bench = createSweepLedgerBench();
    const loser = bench.run();
    await bench.begin(bench.run(), ledger);
    await ledger.begin(loser, longLeaseMs);
    const leftMs = Number(await server.send('PTTL', `${prefix}:sweeper:run:${loser.runId}`));
    assert.ok(leftMs > 0 && leftMs <= 600_000, String(leftMs));
    await close();
  });

  it('leaves what was noted as it is when a lease is renewed, and keeps it as long', async () => {
    const prefix = newPrefix();
    const { ledger, close } = await openSweeps({ url: server.url, prefix });
    const bench = createSweepLedgerBench();
    const run = bench.run();
    const { lease } = await bench.begin(run, ledger);
    await ledger.note(lease, reportOf(run, { cursor: 'page 2' }), longLeaseMs);
    const key = `${prefix}:sweeper:run:${run.runId}`;
    const before = await server.send('HGETALL', key);
    await server.send('PEXPIRE', key, '1000');
    await ledger.renew(lease, longLeaseMs);
    assert.deepEqual(await server.send('HGETALL', key), before);
    assert.ok(Number(await server.send('PTTL', key)) > 1_000, 'it is kept for as long as before');
    await close();
  });
});
