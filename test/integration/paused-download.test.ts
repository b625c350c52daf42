import { credentials } from '@grpc/grpc-js';
import { object } from '@holdfast/contracts';
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { startCluster, type Cluster } from '../support/cluster.js';
import { sampleBytes } from '../support/engine/payloads.js';
import { messageId, put, uploadOf } from './tiered-store-process.js';

const payload = sampleBytes(16 * 1024 * 1024);

for (const name of ['gateway', 'tieredStore'] as const) {
  describe(`a ${name} with a download that its caller does not read`, () => {
    let cluster: Cluster;
    let client: object.ObjectServiceClient;

    before(async () => {
      cluster = await startCluster({ settings: { HOLDFAST_SHUTDOWN__DRAIN_MS: '2000' } });
      client = new object.ObjectServiceClient(cluster[name].address, credentials.createInsecure());
    });

    after(async () => {
      client.close();
      await cluster.close();
    });

    it('cuts it off when it is told to end, says so, and ends well', async () => {
      await put(client, uploadOf('large', payload));
      const request = { objectId: messageId('large'), range: undefined };
      const download = client.getObject(request);
      download.on('error', () => undefined);
      await once(download, 'readable');
      assert.deepEqual(await cluster[name].terminate(), { code: 0, signal: null });
      const { lines } = cluster[name];
      assert.ok(lines.some((line) => line.includes('"cutOff":1')));
      assert.ok(lines.every((line) => !line.includes('did not end in its time')));
    });
  });
}
