import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { startCluster, type Cluster } from '../support/cluster.js';
import type { ClusterService } from '../support/cluster-service.js';
import { waitForIdle } from '../support/cluster-rest.js';
import { openLoaderClient } from '../support/loader-client.js';
import { chunksOf, finishOf, MiB, randomPayload } from '../support/loader-payloads.js';
import { sendGarbage } from './fuzz/raw-connections.js';
import { createSeededRandom } from './fuzz/seeded-random.js';
import { sendFuzz, type FuzzTarget } from './fuzz/send-fuzz.js';

const callsPerService = 52_000;
const garbageConnections = 500;
const garbageAtOnce = 20;
/** By then a process has grown to what it needs for this. */
const warmCalls = callsPerService / 4;
const growthBytesMax = 200 * MiB;
const fuzzMsMax = 300_000;

const services = ['gateway', 'tieredStore'] as const;

describe('services that are sent what nobody should send', function () {
  this.timeout(fuzzMsMax);
  let cluster: Cluster;
  const seed = Number(process.env['FUZZ_SEED'] ?? Date.now() % 2 ** 32);

  before(async () => {
    console.log(`      FUZZ_SEED=${seed}`);
    cluster = await startCluster({ settings: { HOLDFAST_LOG__LEVEL: 'error' } });
  });

  after(() => cluster.close());

  it(`answer ${2 * callsPerService} calls of theirs, and go on`, async () => {
    const before = [cluster.gateway.pid(), cluster.tieredStore.pid()];
    const counts = await Promise.all(
      services.map((name, index) => fuzzService(name, cluster[name], seed + index)),
    );
    for (const { answered, warmBytes, lastBytes } of counts) {
      // The others ended with their connection, or were taken back by this side.
      assert.ok(answered > callsPerService / 2, `${answered} were answered`);
      const growth = lastBytes - warmBytes;
      assert.ok(growth < growthBytesMax, `${Math.round(growth / MiB)} MiB more than when warm`);
    }
    assert.deepEqual([cluster.gateway.pid(), cluster.tieredStore.pid()], before);
    await serveStill();
  });

  it(`survive ${2 * garbageConnections} connections of garbage`, async () => {
    const random = createSeededRandom(seed);
    for (const name of services) {
      await inParallel(garbageConnections, garbageAtOnce, () =>
        sendGarbage(cluster[name].address, random),
      );
    }
    await serveStill();
  });

  it('say nothing of it but what they may', () => {
    for (const { lines } of [cluster.gateway, cluster.tieredStore]) {
      assert.deepEqual(
        lines.filter((line) => !line.startsWith('{')),
        [],
      );
      assert.ok(lines.length < 1_000, `${lines.length} lines of errors, such as ${lines[0]}`);
    }
  });

  async function serveStill(): Promise<void> {
    for (const method of ['PutObject', 'GetObject']) await waitForIdle(cluster, method);
    for (const name of services) {
      assert.ok(cluster[name].isRunning(), `${name} runs`);
      const client = openLoaderClient(cluster[name].address);
      const payload = randomPayload(2 * MiB);
      const objectId = { usecase: 'after', key: name };
      await client.put({ objectId }, chunksOf(payload), finishOf(payload));
      assert.ok((await client.get({ objectId })).payload.equals(payload));
      client.close();
    }
  }
});

interface Counts {
  readonly answered: number;
  readonly warmBytes: number;
  readonly lastBytes: number;
}

async function fuzzService(
  name: FuzzTarget['name'],
  service: ClusterService,
  seed: number,
): Promise<Counts> {
  const target = { name, address: service.address };
  const warm = await sendFuzz(target, { calls: warmCalls, seed });
  const warmBytes = await residentBytes(service);
  const calls = callsPerService - warmCalls;
  const rest = await sendFuzz(target, { calls, seed: seed + 1_000 });
  return { answered: warm + rest, warmBytes, lastBytes: await residentBytes(service) };
}

async function inParallel(count: number, width: number, run: () => Promise<void>): Promise<void> {
  let left = count;
  const lane = async (): Promise<void> => {
    for (; left > 0;) {
      left -= 1;
      await run();
    }
  };
  await Promise.all(Array.from({ length: width }, lane));
}

async function residentBytes(service: ClusterService): Promise<number> {
  const status = await readFile(`/proc/${service.pid()}/status`, 'utf8');
  return Number(/VmRSS:\s+(\d+) kB/.exec(status)?.[1]) * 1_024;
}
