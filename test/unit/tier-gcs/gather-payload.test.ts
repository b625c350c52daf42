import { openPayload } from '@holdfast/domain';
import { nativeChecksum as checksum } from '@holdfast/service-kit';
import * as fc from 'fast-check';
import assert from 'node:assert/strict';
import { sampleBytes, watchPayload } from '../../../packages/testkit/src/contracts/blob-samples.js';
import {
  createGatherer,
  withoutFirst,
  type GatheredPart,
} from '../../../packages/tier-gcs/src/gather-payload.js';
import { chunkUnitBytes } from '../../../packages/tier-gcs/src/options.js';

const ended = async (): Promise<IteratorResult<Uint8Array>> => ({ done: true, value: undefined });

/** In parts of at most so many units. */
async function gatherAll(chunks: readonly Uint8Array[], units: number): Promise<GatheredPart[]> {
  const room = { grow: (partUnits: number) => partUnits < units };
  const source = openPayload(watchPayload(chunks, ended).payload);
  const gatherer = createGatherer(source, room, checksum);
  const parts: GatheredPart[] = [];
  while (parts.at(-1)?.isLast !== true) {
    const part = await gatherer.next();
    assert.ok(part !== undefined);
    parts.push(part);
  }
  return parts;
}

describe('a payload in parts', () => {
  it('has all its bytes in parts of whole units, whatever its chunks are like', async () => {
    const bytes = sampleBytes(4 * chunkUnitBytes);
    const length = fc.oneof(fc.nat(20), fc.nat(5_000), fc.nat(3 * chunkUnitBytes));
    await fc.assert(
      fc.asyncProperty(fc.array(length, { maxLength: 12 }), fc.integer({ min: 1, max: 3 }), check),
      { numRuns: 60 },
    );

    async function check(sizes: readonly number[], units: number): Promise<void> {
      const chunks = sizes.map((size, at) => bytes.subarray(at, at + size));
      const parts = await gatherAll(chunks, units);
      const whole = Buffer.concat(chunks);
      assert.ok(Buffer.concat(parts.flatMap(({ pieces }) => pieces)).equals(whole));
      let total = 0;
      for (const part of parts) {
        assert.equal(part.bytes, Buffer.concat(part.pieces).length);
        total += part.bytes;
        const crc32c = checksum.crc32c(whole.subarray(0, total), 0);
        assert.deepEqual(part.counted, { size: total, crc32c });
      }
      const last = parts.pop();
      assert.ok(parts.every((part) => part.bytes === units * chunkUnitBytes));
      assert.ok(parts.every((part) => part.units === units));
      const lastBytes = last?.bytes ?? 0;
      assert.ok(
        lastBytes > 0 || parts.length === 0,
        'only an empty payload has an empty last part',
      );
      assert.equal(last?.units, Math.max(1, Math.ceil(lastBytes / chunkUnitBytes)));
    }
  });

  it('is not copied', async () => {
    const chunks = [sampleBytes(30_000), sampleBytes(30_000)];
    const [part] = await gatherAll(chunks, 1);
    assert.deepEqual(
      part?.pieces.map(({ buffer }) => buffer),
      chunks.map(({ buffer }) => buffer),
    );
  });

  it('is copied together where its chunks are tiny, so that it takes little more than its size', async () => {
    const tiny = Array.from({ length: 5_000 }, (_, at) => sampleBytes(10, at + 1));
    const chunks = [...tiny.slice(0, 2_500), sampleBytes(20_000), ...tiny.slice(2_500)];
    const [part] = await gatherAll(chunks, 1);
    const pieces = part?.pieces ?? [];
    assert.ok(Buffer.concat(pieces).equals(Buffer.concat(chunks)));
    assert.ok(pieces.length <= 6, String(pieces.length));
  });

  it('is asked for nothing while there is no room', () => {
    const watched = watchPayload([sampleBytes(1)], ended);
    const gatherer = createGatherer(openPayload(watched.payload), { grow: () => false }, checksum);
    assert.equal(gatherer.next(), undefined);
    assert.equal(watched.owedMax(), 0);
  });

  it('can lose its first bytes', () => {
    const pieces = [sampleBytes(10, 1), sampleBytes(10, 2), sampleBytes(10, 3)];
    const whole = Buffer.concat(pieces);
    for (let bytes = 0; bytes <= 30; bytes += 1) {
      assert.ok(Buffer.concat(withoutFirst(pieces, bytes)).equals(whole.subarray(bytes)));
    }
  });
});
