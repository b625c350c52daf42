import { Client, credentials } from '@grpc/grpc-js';
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { startCluster, type Cluster } from '../support/cluster.js';
import { waitUntil } from '../support/cluster-wait.js';

const run = promisify(execFile);
const buf = fileURLToPath(new URL('../../node_modules/.bin/buf', import.meta.url));
/** `status` is field 1; 1 is SERVING, 2 is NOT_SERVING. */
const serving = '0801';
const notServing = '0802';

describe('health and reflection', () => {
  let cluster: Cluster;

  before(async () => {
    cluster = await startCluster();
  });

  after(() => cluster.close());

  it('are answered by both', async () => {
    for (const { address, name } of [cluster.gateway, cluster.tieredStore]) {
      await waitUntil(
        `the ${name} serves`,
        () => health(address),
        (status) => status === serving,
      );
    }
  });

  it('are enough for a client that knows no schema', async () => {
    for (const { address } of [cluster.gateway, cluster.tieredStore]) {
      const url = `http://${address}/holdfast.object.v1.ObjectService/ListObjects`;
      const data = JSON.stringify({ usecase: 'reflected' });
      const flags = ['--protocol', 'grpc', '--http2-prior-knowledge', '--data', data];
      const { stdout } = await run(buf, ['curl', ...flags, url]);
      assert.deepEqual(JSON.parse(stdout), {});
    }
  });

  it('tell of a gateway without a tiered store, and of its return', async () => {
    const { gateway, tieredStore } = cluster;
    await tieredStore.terminate();
    await waitUntil(
      'the gateway is not serving',
      () => health(gateway.address),
      (status) => status === notServing,
    );
    assert.equal((await fetch(`${gateway.httpUrl}/readyz`)).status, 503);
    assert.equal((await fetch(`${gateway.httpUrl}/healthz`)).status, 200);
    await tieredStore.start();
    await waitUntil(
      'the gateway serves again',
      () => health(gateway.address),
      (status) => status === serving,
    );
    assert.equal((await fetch(`${gateway.httpUrl}/readyz`)).status, 200);
  });
});

function health(address: string): Promise<string> {
  const client = new Client(address, credentials.createInsecure());
  return new Promise<string>((resolve, reject) => {
    client.makeUnaryRequest(
      '/grpc.health.v1.Health/Check',
      (bytes: Buffer) => bytes,
      (bytes: Buffer) => bytes.toString('hex'),
      Buffer.alloc(0),
      (error, status) => {
        client.close();
        if (error === null) resolve(status ?? '');
        else reject(error);
      },
    );
  });
}
