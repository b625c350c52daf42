import assert from 'node:assert/strict';
import { startCluster, type Cluster } from '../support/cluster.js';
import { withoutReaderGrace } from '../support/cluster-settings.js';
import { waitForRest } from '../support/cluster-rest.js';
import { openLoaderClient, type LoaderClient } from '../support/loader-client.js';
import {
  chunksOf,
  crc32cOf,
  finishOf,
  KiB,
  MiB,
  randomPayload,
} from '../support/loader-payloads.js';

const inlineMax = MiB;
const sizes = [0, 1, MiB - 1, MiB, MiB + 1, 64 * MiB];
const chunkBytesMax = 256 * KiB;

describe('payloads of all sizes, through the gateway', () => {
  let cluster: Cluster;
  let client: LoaderClient;
  let store: LoaderClient;

  before(async () => {
    cluster = await startCluster({ tieredStore: withoutReaderGrace });
    client = openLoaderClient(cluster.gateway.address);
    store = openLoaderClient(cluster.tieredStore.address);
  });

  after(async () => {
    client.close();
    store.close();
    await cluster.close();
  });

  for (const size of sizes) {
    it(`come back as they were, whole and by ranges: ${size} bytes`, async () => {
      const payload = randomPayload(size);
      const objectId = { usecase: 'sizes', key: String(size) };
      const stored = await client.put({ objectId }, chunksOf(payload), finishOf(payload));
      assert.equal(stored.size ?? 0, size);
      assert.equal(stored.crc32c ?? 0, crc32cOf(payload));

      const whole = await client.get({ objectId });
      assert.equal(whole.header.span.length ?? 0, size);
      assert.ok(whole.payload.equals(payload), 'the same bytes');
      assert.ok(whole.chunks >= Math.ceil(size / chunkBytesMax), 'chunks of at most 256 KiB');

      for (const [first, last] of rangesOf(size)) {
        const { header, payload: part } = await client.get({ objectId, range: { first, last } });
        assert.ok(part.equals(payload.subarray(first, last + 1)), `bytes ${first} to ${last}`);
        assert.equal(header.span.offset ?? 0, first);
        assert.equal(header.object.size, size);
        assert.equal(header.object.crc32c, crc32cOf(payload));
      }
    });

    it(`may come in odd pieces, some of them empty: ${size} bytes`, async () => {
      const payload = randomPayload(Math.min(size, 3 * MiB));
      const objectId = { usecase: 'sizes', key: `odd/${size}` };
      await client.put({ objectId }, oddPieces(payload), finishOf(payload));
      assert.ok((await client.get({ objectId })).payload.equals(payload));
    });
  }

  it('leave one blob for each that is too large for the table', async () => {
    const large = sizes.filter((size) => size > inlineMax).length;
    await waitForRest(cluster, store, 2 * large);
  });
});

/** The ends, the middle, and over each boundary of a chunk that is near them. */
function rangesOf(size: number): [first: number, last: number][] {
  if (size === 0) return [];
  const edge = Math.min(size - 1, chunkBytesMax);
  const middle = Math.floor(size / 2);
  return [
    [0, 0],
    [0, size - 1],
    [size - 1, size - 1],
    [Math.max(0, edge - 1), Math.min(size - 1, edge + 1)],
    [middle, Math.min(size - 1, middle + 3 * chunkBytesMax)],
  ];
}

function* oddPieces(payload: Buffer): Iterable<Uint8Array> {
  let at = 0;
  for (let piece = 1; at < payload.length; piece += 1) {
    const length = piece % 3 === 0 ? 0 : (piece * 7_919) % (700 * KiB);
    yield payload.subarray(at, at + length);
    at += length;
  }
}
