import assert from 'node:assert/strict';
import { startCluster, type Cluster } from '../support/cluster.js';
import {
  startCollector,
  type Collector,
  type CollectedSpan,
} from '../support/cluster-collector.js';
import { waitUntil } from '../support/cluster-wait.js';
import { openLoaderClient, type LoaderClient } from '../support/loader-client.js';
import { chunksOf, finishOf, MiB, randomPayload } from '../support/loader-payloads.js';

const callerSpan = 'b7ad6b7169203331';

describe('a trace', () => {
  let collector: Collector;
  let cluster: Cluster;
  let client: LoaderClient;

  before(async () => {
    collector = await startCollector();
    const settings = {
      HOLDFAST_TRACING__ENDPOINT: collector.url,
      HOLDFAST_TRACING__SAMPLE_RATIO: '1',
    };
    cluster = await startCluster({ settings });
    client = openLoaderClient(cluster.gateway.address);
  });

  after(async () => {
    client.close();
    await cluster.close();
    await collector.close();
  });

  /** The spans that each service has recorded of a trace, once both have. */
  async function spansOf(traceId: string): Promise<[gateway: CollectedSpan, store: CollectedSpan]> {
    const spans = await waitUntil(
      'both have told of the trace',
      () => collector.spans.filter((span) => span.traceId === traceId),
      (found) => new Set(found.map(({ service }) => service)).size === 2,
    );
    const [gateway, store] = ['gateway', 'tiered-store'].map((name) =>
      spans.find(({ service }) => service === name),
    );
    assert.ok(gateway !== undefined && store !== undefined);
    return [gateway, store];
  }

  const calls: Readonly<Record<string, (metadata: Record<string, string>) => Promise<unknown>>> = {
    'a small put': (metadata) => put('small', 100, metadata),
    'a large put': (metadata) => put('large', 2 * MiB, metadata),
    'a small get': (metadata) => client.get({ objectId: idOf('small') }, { metadata }),
    'a large get': (metadata) => client.get({ objectId: idOf('large') }, { metadata }),
    'a head': (metadata) =>
      client.unary(['object', 'HeadObject'], { objectId: idOf('small') }, { metadata }),
    'a list': (metadata) =>
      client.unary(['object', 'ListObjects'], { usecase: 'traced' }, { metadata }),
  };

  for (const [index, [what, call]] of Object.entries(calls).entries()) {
    it(`goes through both services with one id: ${what}`, async () => {
      const traceId = `4bf92f3577b34da6a3ce929d0e0e473${index}`;
      await call({ traceparent: `00-${traceId}-${callerSpan}-01` });
      const [gateway, store] = await spansOf(traceId);
      assert.equal(gateway.parentSpanId, callerSpan);
      assert.equal(store.parentSpanId, gateway.spanId);
      assert.match(gateway.name, /holdfast\.object\.v1\.ObjectService/);
    });
  }

  function idOf(key: string): { usecase: string; key: string } {
    return { usecase: 'traced', key };
  }

  function put(key: string, size: number, metadata: Record<string, string>): Promise<unknown> {
    const payload = randomPayload(size);
    return client.put({ objectId: idOf(key) }, chunksOf(payload), finishOf(payload), { metadata });
  }
});
