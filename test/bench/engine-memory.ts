import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { openEmbeddedStore } from '../support/embedded-store.js';
import { fresh, idOf, metadata, sizeOf } from './payloads.js';

/** Streams 8 x 1 GiB into a store at once and out of it again, and prints the memory each took. */
const streams = 8;
const streamBytes = 1024 ** 3;
const chunkBytes = 256 * 1024;
const sampleMs = 20;
const MiB = 1024 * 1024;

const [directory = ''] = process.argv.slice(2);
const { engine, close } = await openEmbeddedStore(directory);
const chunk = randomBytes(chunkBytes);
const idle = process.memoryUsage.rss();

async function peakOf(stream: (index: number) => Promise<unknown>): Promise<number> {
  let peak = 0;
  const sample = (): void => {
    peak = Math.max(peak, process.memoryUsage.rss());
  };
  const sampler = setInterval(sample, sampleMs);
  await Promise.all(Array.from({ length: streams }, (_, index) => stream(index)));
  clearInterval(sampler);
  return (peak - idle) / MiB;
}

const putMiB = await peakOf(async (index) => {
  const payload = fresh(chunk, streamBytes / chunkBytes);
  const { signal } = new AbortController();
  return engine.putObject({ id: idOf(`stream-${index}`), metadata, payload, signal });
});
const getMiB = await peakOf(async (index) => {
  const got = await engine.getObject({ id: idOf(`stream-${index}`) });
  assert(got.kind === 'found');
  assert.equal(await sizeOf(got.payload), streamBytes);
});
await close();
process.stdout.write(JSON.stringify({ putMiB, getMiB }));
