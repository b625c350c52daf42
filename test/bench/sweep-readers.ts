import { createClient, type Client } from '@holdfast/client';
import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { setTimeout as pause } from 'node:timers/promises';
import { withParts } from './cleanup-parts.js';
import { recordLatencies, type Latencies } from './latencies.js';
import { inLanes } from './measure.js';
import type { BenchResult } from './report.js';
import { openSweepBed, startSweeper, type BenchSweeper } from './sweep-bed.js';

const entries = 10_000;
const rounds = 10;
const readers = 8;
const keys = 1_000;
const bytes = 4_096;
const warmUpGets = 10_000;
const payload = randomBytes(bytes);
/** Readers that leave the machine some room: what they wait for is then the store, and not each other. */
const thinkMs = 8;
/** Of every round without a sweep. Those with one take as long as it does. */
const roundMs = 2_000;

/** Gets beside a sweep as it runs by default, against gets of the same store in peace, by turns. */
export function measureReaders(): Promise<readonly BenchResult[]> {
  return withParts(async (closeLater) => {
    const bed = await openSweepBed(entries, closeLater);
    const sweeper = await startSweeper(bed, {}, closeLater);
    const client = createClient({ address: `127.0.0.1:${bed.store.port}` });
    closeLater(() => client.close());
    await inLanes(readers, keys, (index) => client.put(idOf(index), payload));
    await inLanes(readers, warmUpGets, (index) => read(client, index));
    await sweep(sweeper);
    const latencies = recordLatencies();
    for (let round = 0; round < rounds; round += 1) {
      await readBeside(client, latencies.raw, pause(roundMs));
      await readBeside(client, latencies.ours, sweep(sweeper));
    }
    return latencies.results(
      `4 KiB gets of ${readers} readers beside a sweep (baseline: without one)`,
    );
  });
}

async function sweep(sweeper: BenchSweeper): Promise<void> {
  const { scanned } = await sweeper.sweep('reclaimOrphans', { dryRun: true });
  assert.equal(scanned, entries);
}

async function readBeside(
  client: Client,
  timed: Latencies['raw'],
  work: Promise<void>,
): Promise<void> {
  const over = new AbortController();
  const reader = async (_: unknown, first: number): Promise<void> => {
    for (let index = first; !over.signal.aborted; index += readers) {
      await timed(() => read(client, index));
      await pause(thinkMs);
    }
  };
  const reading = Promise.all(Array.from({ length: readers }, reader));
  try {
    await work;
  } finally {
    over.abort();
    await reading;
  }
}

async function read(client: Client, index: number): Promise<void> {
  const got = await client.get(idOf(index));
  assert.equal((await got.bytes()).length, bytes);
}

function idOf(index: number) {
  return { usecase: 'readers', scopes: [], key: `object-${index % keys}` };
}
