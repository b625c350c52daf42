import assert from 'node:assert/strict';
import { withParts } from './cleanup-parts.js';
import { openCloudEngine, type CloudPlaces } from './cloud-bed.js';
import { fresh, idOf, metadata, sizeOf } from './payloads.js';

/** Streams 1 GiB into a store on Bigtable and Cloud Storage and out of it again; prints the memory each took. */
const streamBytes = 1024 ** 3;
const chunkBytes = 256 * 1024;
const sampleMs = 20;
const MiB = 1024 ** 2;

async function peakOver(idle: number, stream: () => Promise<void>): Promise<number> {
  let peak = idle;
  const sampler = setInterval(() => {
    peak = Math.max(peak, process.memoryUsage.rss());
  }, sampleMs);
  await stream();
  clearInterval(sampler);
  return (peak - idle) / MiB;
}

const places = JSON.parse(process.argv[2] ?? '') as CloudPlaces;
const taken = await withParts(async (closeLater) => {
  const engine = await openCloudEngine(places, closeLater);
  // What is downloaded are zeros, so zeros are uploaded: they are compared.
  const chunk = Buffer.alloc(chunkBytes);

  const idle = process.memoryUsage.rss();
  const putMiB = await peakOver(idle, async () => {
    const payload = fresh(chunk, streamBytes / chunkBytes);
    const { kind } = await engine.putObject({ id: idOf('stream'), metadata, payload });
    assert.equal(kind, 'stored');
  });
  const getMiB = await peakOver(idle, async () => {
    const got = await engine.getObject({ id: idOf('stream') });
    assert(got.kind === 'found');
    assert.equal(await sizeOf(got.payload), streamBytes);
  });
  return { putMiB, getMiB };
});
process.stdout.write(JSON.stringify(taken));
// The library's clients have timers of their own.
process.exit(0);
