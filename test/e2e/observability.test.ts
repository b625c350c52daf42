import assert from 'node:assert/strict';
import { startCluster, type Cluster } from '../support/cluster.js';
import { metric, samplesOf } from '../support/cluster-metrics.js';
import { talkative } from '../support/cluster-settings.js';
import { failed, openLoaderClient, type LoaderClient } from '../support/loader-client.js';
import { chunksOf, finishOf, MiB, randomPayload } from '../support/loader-payloads.js';

/** So often that it cannot be in a line by chance. */
const payloadMark = 'PAYLOAD-THAT-NOBODY-LOGS';
const secretMark = 'SECRET-THAT-NOBODY-LOGS';
const puts = 7;

describe('what services tell of themselves', () => {
  let cluster: Cluster;
  let client: LoaderClient;

  before(async () => {
    cluster = await startCluster({ settings: talkative });
    client = openLoaderClient(cluster.gateway.address);
    await useEverything(client);
  });

  after(async () => {
    client.close();
    await cluster.close();
  });

  it('explains every metric, with a unit and our prefix', async () => {
    for (const service of [cluster.gateway, cluster.tieredStore]) {
      const exposition = await service.metrics();
      const helps = new Map(
        [...exposition.matchAll(/^# HELP (\S+) (.*)$/gm)].map(([, name = '', help = '']) => [
          name,
          help,
        ]),
      );
      const names = new Set(
        samplesOf(exposition).map(({ name }) => name.replace(/_(?:bucket|sum|count)$/, '')),
      );
      assert.ok(names.size > 20, `${names.size} metrics`);
      for (const name of names) {
        assert.ok((helps.get(name) ?? '') !== '', `${name} has help`);
        assert.match(name, /^(holdfast|process|nodejs)_/);
      }
    }
  });

  it('counts what was done', async () => {
    const service = 'holdfast.object.v1.ObjectService';
    const calls = (method: string, code: string) =>
      metric(cluster.gateway, 'holdfast_rpc_calls_total', { method: `${service}/${method}`, code });
    assert.equal(await calls('PutObject', 'OK'), puts + 1);
    assert.equal(await calls('GetObject', 'OK'), 2);
    assert.equal(await calls('GetObject', 'NOT_FOUND'), 1);
    assert.equal(await calls('PutObject', 'INVALID_ARGUMENT'), 1);
    assert.equal(
      await metric(cluster.gateway, 'holdfast_rpc_call_seconds_count', {
        method: `${service}/PutObject`,
      }),
      puts + 2,
    );
    for (const method of ['PutObject', 'GetObject']) {
      const labels = { method: `${service}/${method}` };
      assert.equal(await metric(cluster.gateway, 'holdfast_rpc_calls_in_flight', labels), 0);
    }
    assert.equal(await metric(cluster.tieredStore, 'holdfast_operations_in_flight'), 0);
    assert.equal(await metric(cluster.tieredStore, 'holdfast_payload_held_bytes'), 0);
    assert.equal(await metric(cluster.gateway, 'holdfast_gateway_held_bytes'), 0);
  });

  it('answers whether it lives and is ready, and nothing else', async () => {
    for (const { httpUrl } of [cluster.gateway, cluster.tieredStore]) {
      for (const path of ['/healthz', '/readyz', '/metrics']) {
        assert.equal((await fetch(httpUrl + path)).status, 200, path);
      }
      assert.equal((await fetch(`${httpUrl}/`)).status, 404);
      assert.equal((await fetch(`${httpUrl}/metrics`, { method: 'POST' })).status, 405);
    }
  });

  it('logs lines of JSON, none of which holds a payload or a secret', async () => {
    await cluster.gateway.terminate();
    await cluster.tieredStore.terminate();
    const encoded = [payloadMark, secretMark].flatMap((mark) =>
      (['utf8', 'hex', 'base64'] as const).map((encoding) =>
        // Without its ends, which in base64 depend on what is around.
        Buffer.from(mark).toString(encoding).slice(4, -4),
      ),
    );
    for (const { lines, name } of [cluster.gateway, cluster.tieredStore]) {
      assert.ok(lines.length > 5, `${name} logged ${lines.length} lines`);
      for (const line of lines) {
        const entry = JSON.parse(line) as { level?: unknown; time?: unknown; message?: unknown };
        assert.ok('level' in entry && 'time' in entry && 'message' in entry, line);
        assert.ok(!encoded.some((mark) => line.includes(mark)), line);
      }
    }
  });
});

async function useEverything(client: LoaderClient): Promise<void> {
  const metadata = { authorization: `Bearer ${secretMark}`, cookie: secretMark };
  const options = { metadata };
  const payload = Buffer.from(payloadMark.repeat(100));
  for (let key = 0; key < puts; key += 1) {
    const objectId = { usecase: 'observed', key: String(key) };
    await client.put({ objectId }, chunksOf(payload), finishOf(payload), options);
  }
  const large = Buffer.concat([payload, randomPayload(2 * MiB)]);
  const objectId = { usecase: 'observed', key: 'large' };
  await client.put({ objectId }, chunksOf(large), finishOf(large), options);
  await client.get({ objectId }, options);
  await client.get({ objectId: { usecase: 'observed', key: '0' } }, options);
  await failed(client.get({ objectId: { usecase: 'observed', key: 'never' } }, options));
  await failed(client.put({ objectId }, chunksOf(payload), { size: 1 }, options));
  // What cannot be decoded is not quoted either.
  const batch = client.openBatch(options);
  const operation = { put: { header: { objectId: { usecase: '' } }, payload } };
  batch.write({ operations: [{ index: 1, ...operation }] });
  batch.end();
  await batch.toArray();
}
