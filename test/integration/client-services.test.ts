import assert from 'node:assert/strict';
import { once } from 'node:events';
import { bytesOf, createClientFixture, MiB } from '../support/client-fixture.js';
import { startCluster, type Cluster } from '../support/cluster.js';
import { endOf, spawnHoldfast } from '../support/holdfast-command.js';

describe('a client of the services', () => {
  const fixture = createClientFixture();
  let cluster: Cluster;
  before(async () => {
    cluster = await startCluster();
  });
  after(async () => {
    await fixture.close();
    await cluster.close();
  });

  it('fails no operation while gateway and store are killed and restarted', async () => {
    const limits = { retryDelayMs: 100, retryDelayMsMax: 10_000 };
    const client = fixture.client(cluster.gateway.address, { limits });
    const large = bytesOf(8 * MiB);
    await client.put('restarts:read', large);
    const uploads = Array.from({ length: 4 }, (_, at) => client.put(`restarts:large${at}`, large));
    const read = client.get('restarts:read').then((found) => found.bytes());
    const bodies = Array.from({ length: 4_000 }, () => bytesOf(500));
    const puts = bodies.map((body, at) => ({ kind: 'put', id: `restarts:${at}`, body }) as const);
    let count = 0;
    const restarts: Promise<void>[] = [];
    for await (const result of client.many(puts)) {
      assert.ok(result.ok, String(result.ok ? '' : result.error));
      count += 1;
      if (count === 1_000 || count === 2_000) {
        await cluster.gateway.kill();
        restarts.push(cluster.gateway.start());
      }
      if (count === 3_000) {
        await cluster.tieredStore.kill();
        restarts.push(cluster.tieredStore.start());
      }
    }
    await Promise.all([...restarts, ...uploads]);
    assert.deepEqual(Buffer.from(await read), large);
    for (const [at, body] of bodies.entries()) {
      const found = await client.get(`restarts:${at}`);
      assert.deepEqual(Buffer.from(await found.bytes()), body);
    }
    for (const upload of uploads) {
      const found = await client.get((await upload).id);
      assert.ok(Buffer.from(await found.bytes()).equals(large));
    }
  });

  it('passes bytes through pipes, of any size', async () => {
    for (const size of [0, 1_000, MiB + 1]) {
      const payload = bytesOf(size);
      const put = spawnHoldfast(['put', '-', 'pipes/org=42:a'], cluster.gateway.address);
      put.stdin?.end(payload);
      const stored = { code: 0, stdout: 'pipes/org=42:a\n', stderr: '' };
      assert.deepEqual(await endOf(put), stored);
      const get = spawnHoldfast(['get', 'pipes/org=42:a'], cluster.gateway.address);
      const chunks: Buffer[] = [];
      get.stdout?.on('data', (chunk: Buffer) => chunks.push(chunk));
      await once(get, 'close');
      assert.ok(Buffer.concat(chunks).equals(payload));
    }
  });
});
