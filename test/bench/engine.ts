import { open as openLmdb } from 'lmdb';
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { mkdtemp, open, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { openEmbeddedStore } from '../support/embedded-store.js';
import type { EngineStore } from '../support/engine-store.js';
import { compare, inLanes } from './measure.js';
import { idOf, metadata, once, repeated, sizeOf } from './payloads.js';
import type { BenchResult } from './report.js';

const lanes = 32;
const rounds = 7;
const smallBytes = 4096;
const smallPuts = 5_000;
const smallGets = 50_000;
const chunkBytes = 256 * 1024;
const largeBytes = 64 * 1024 * 1024;
const MiB = 1024 * 1024;
const memoryMiBMax = 256;

/** The engine on LMDB and the file system against LMDB and the file system themselves. */
export async function benchEngine(): Promise<readonly BenchResult[]> {
  const directory = await mkdtemp(join(tmpdir(), 'holdfast-bench-'));
  const store = await openEmbeddedStore(join(directory, 'store'));
  try {
    return [
      ...(await benchSmall(store, directory)),
      ...(await benchLarge(store, directory)),
      ...(await benchMemory(directory)),
    ];
  } finally {
    await store.close();
    await rm(directory, { recursive: true, force: true });
  }
}

async function benchSmall({ engine }: EngineStore, directory: string): Promise<BenchResult[]> {
  const bytes = randomBytes(smallBytes);
  // As durable as ours: an answer comes when the flush is done, and many share one flush.
  const root = openLmdb({ path: join(directory, 'raw'), overlappingSync: false, maxDbs: 2 });
  const raw = root.openDB<Buffer, string>('raw', { encoding: 'binary' });
  const put = await compare({
    name: '4 KiB put, 32 at once',
    unit: 'puts/s',
    amount: smallPuts,
    rounds,
    raw: (round) => inLanes(lanes, smallPuts, (index) => raw.put(keyOf(round, index), bytes)),
    ours: (round) =>
      inLanes(lanes, smallPuts, (index) =>
        engine.putObject({ id: idOf(keyOf(round, index)), metadata, payload: once(bytes) }),
      ),
  });
  const get = await compare({
    name: '4 KiB get, 32 at once',
    unit: 'gets/s',
    amount: smallGets,
    rounds,
    raw: (round) =>
      inLanes(lanes, smallGets, async (index) => {
        const value = raw.getBinary(keyOf(round, index % smallPuts));
        assert(value?.length === smallBytes);
      }),
    ours: (round) =>
      inLanes(lanes, smallGets, async (index) => {
        const got = await engine.getObject({ id: idOf(keyOf(round, index % smallPuts)) });
        assert(got.kind === 'found');
        assert((await sizeOf(got.payload)) === smallBytes);
      }),
  });
  await root.close();
  return [put, get];
}

async function benchLarge({ engine }: EngineStore, directory: string): Promise<BenchResult[]> {
  const chunk = randomBytes(chunkBytes);
  const rawPath = (round: number): string => join(directory, `raw-${round}`);
  const put = await compare({
    name: '64 MiB put',
    unit: 'MiB/s',
    amount: largeBytes / MiB,
    rounds,
    raw: (round) => writeRaw(rawPath(round), chunk),
    ours: async (round) => {
      const payload = repeated(chunk, largeBytes / chunkBytes);
      await engine.putObject({ id: idOf(`large-${round}`), metadata, payload });
    },
  });
  const get = await compare({
    name: '64 MiB get',
    unit: 'MiB/s',
    amount: largeBytes / MiB,
    rounds,
    raw: (round) => readRaw(rawPath(round)),
    ours: async (round) => {
      const got = await engine.getObject({ id: idOf(`large-${round}`) });
      assert(got.kind === 'found');
      assert((await sizeOf(got.payload)) === largeBytes);
    },
  });
  return [put, get];
}

/** A process of its own, so that nothing but the streams is measured. */
async function benchMemory(directory: string): Promise<BenchResult[]> {
  const script = fileURLToPath(new URL('engine-memory.js', import.meta.url));
  const run = promisify(execFile);
  const { stdout } = await run(process.execPath, [script, join(directory, 'memory')]);
  const { putMiB, getMiB } = JSON.parse(stdout) as { putMiB: number; getMiB: number };
  return [
    memoryResult('8 x 1 GiB put at once, peak memory over idle', putMiB),
    memoryResult('8 x 1 GiB get at once, peak memory over idle', getMiB),
  ];
}

/** Compared to what it may take. */
function memoryResult(name: string, value: number): BenchResult {
  return { name, value, unit: 'MiB', baseline: memoryMiBMax, ratio: value / memoryMiBMax };
}

async function writeRaw(path: string, chunk: Buffer): Promise<void> {
  const file = await open(path, 'w');
  for (let at = 0; at < largeBytes; at += chunkBytes) await file.write(chunk, 0, chunkBytes, at);
  await file.sync();
  await file.close();
}

async function readRaw(path: string): Promise<void> {
  const file = await open(path);
  let size = 0;
  for (let at = 0; at < largeBytes; at += chunkBytes) {
    const { bytesRead } = await file.read(Buffer.allocUnsafe(chunkBytes), 0, chunkBytes, at);
    size += bytesRead;
  }
  await file.close();
  assert(size === largeBytes);
}

function keyOf(round: number, index: number): string {
  return `object-${round}-${index}`;
}
