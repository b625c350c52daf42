import type { StorageEngine } from '@holdfast/domain';
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { withParts, type CloseLater } from './cleanup-parts.js';
import { openCloudEngine, startCloud } from './cloud-bed.js';
import { openLibraryStore, type LibraryStore } from './cloud-library.js';
import { compare, inLanes, type Contest } from './measure.js';
import { idOf, metadata, once, sizeOf } from './payloads.js';
import type { BenchResult } from './report.js';

const lanes = 16;
const rounds = 7;
const smallBytes = 4_096;
const smalls = 1_500;
const largeLanes = 4;
const largeBytes = 4 * 1024 * 1024;
const larges = 24;
const memoryMiBMax = 128;

/** Put, get and delete on Bigtable and Cloud Storage against the same calls by their client libraries. */
export function benchCloud(): Promise<readonly BenchResult[]> {
  return withParts(async (closeLater) => [
    ...(await measureRates(closeLater)),
    ...(await measureMemory(closeLater)),
  ]);
}

interface Rivals {
  readonly engine: StorageEngine;
  readonly library: LibraryStore;
}

async function measureRates(closeLater: CloseLater): Promise<BenchResult[]> {
  const places = await startCloud({ keepsPayloads: true }, closeLater);
  const engine = await openCloudEngine(places, closeLater);
  const rivals = { engine, library: openLibraryStore(places, closeLater) };
  const results: BenchResult[] = [];
  for (const contest of [...smallContests(rivals), ...largeContests(rivals)]) {
    results.push(await compare(contest));
  }
  return results;
}

function smallContests({ engine, library }: Rivals): readonly Contest[] {
  const bytes = randomBytes(smallBytes);
  const common = { amount: smalls, rounds };
  const all = (run: (key: string) => Promise<unknown>) => () =>
    inLanes(lanes, smalls, (index) => run(`small-${index}`));
  return [
    {
      ...common,
      name: '4 KiB put, 16 at once',
      unit: 'puts/s',
      raw: all((key) => library.put(key, bytes)),
      ours: all((key) => engine.putObject({ id: idOf(key), metadata, payload: once(bytes) })),
    },
    {
      ...common,
      name: '4 KiB get, 16 at once',
      unit: 'gets/s',
      raw: all((key) => library.get(key)),
      ours: all((key) => get(engine, key, smallBytes)),
    },
    {
      ...common,
      name: '4 KiB delete, 16 at once',
      unit: 'deletes/s',
      raw: all((key) => library.remove(key)),
      ours: all((key) => engine.deleteObject({ id: idOf(key) })),
    },
  ];
}

function largeContests({ engine, library }: Rivals): readonly Contest[] {
  const bytes = randomBytes(largeBytes);
  const common = { amount: larges, rounds };
  const all = (run: (key: string) => Promise<unknown>) => (round: number) =>
    inLanes(largeLanes, larges, (index) => run(`large-${round}-${index}`));
  return [
    {
      ...common,
      name: '4 MiB put, 4 at once',
      unit: 'puts/s',
      raw: all((key) => library.putLarge(key, bytes)),
      ours: all((key) => engine.putObject({ id: idOf(key), metadata, payload: once(bytes) })),
    },
    {
      ...common,
      name: '4 MiB get, 4 at once',
      unit: 'gets/s',
      raw: all((key) => library.getLarge(key)),
      ours: all((key) => get(engine, key, largeBytes)),
    },
  ];
}

async function get(engine: StorageEngine, key: string, bytes: number): Promise<void> {
  const got = await engine.getObject({ id: idOf(key) });
  assert(got.kind === 'found');
  assert.equal(await sizeOf(got.payload), bytes);
}

/** A process of its own, so that nothing but the stream is measured. */
async function measureMemory(closeLater: CloseLater): Promise<BenchResult[]> {
  const places = await startCloud({ keepsPayloads: false }, closeLater);
  const script = fileURLToPath(new URL('cloud-memory-process.js', import.meta.url));
  const run = promisify(execFile);
  const { stdout } = await run(process.execPath, [script, JSON.stringify(places)]);
  const { putMiB, getMiB } = JSON.parse(stdout) as { putMiB: number; getMiB: number };
  return [
    memoryResult('1 GiB put, peak memory over idle (baseline: what it may)', putMiB),
    memoryResult('1 GiB get, peak memory over idle (baseline: what it may)', getMiB),
  ];
}

function memoryResult(name: string, value: number): BenchResult {
  return { name, value, unit: 'MiB', baseline: memoryMiBMax, ratio: value / memoryMiBMax };
}
