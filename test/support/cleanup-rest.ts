import { isDeepStrictEqual } from 'node:util';
import type { CleanupBed } from './cleanup-bed.js';
import { namedBlobs } from './cleanup-blobs.js';
import type { Operators } from './cleanup-operators.js';
import type { StoredPayload } from './cluster-storage.js';
import { waitUntil } from './cluster-wait.js';
import type { ChangesAnswer } from './loader-messages.js';

/** All that cleanup could have left, found out without taking its word for it. */
export interface Remains {
  /** Entries of the change log, those that cannot be read among them. */
  readonly changes: number;
  /** Jobs that wait, for whatever, or run. */
  readonly jobs: number;
  readonly deadLetters: number;
  /** Blobs on disk that no row names, by their names. */
  readonly unnamed: readonly string[];
  /** Blobs that a row names and that are not on disk. */
  readonly missing: readonly string[];
  /** What the worker counts as waiting to be freed, by usecase. */
  readonly orphanBytes: BytesByUsecase;
  /** What is on disk and named by no row. */
  readonly unreferencedBytes: BytesByUsecase;
}

export type BytesByUsecase = Readonly<Record<string, number>>;

const nothing: Remains = {
  changes: 0,
  jobs: 0,
  deadLetters: 0,
  unnamed: [],
  missing: [],
  orphanBytes: {},
  unreferencedBytes: {},
};

/** Two looks at a store that is being cleaned may disagree: wait until it is at rest. */
export async function remainsOf(
  bed: CleanupBed,
  operators: Operators = bed.operators,
): Promise<Remains> {
  const page = { pageSize: 1_000 };
  const log = await bed.store.unary<ChangesAnswer>(['maintenance', 'ListChanges'], page);
  const stats = await operators.stats();
  const deadLetters = await operators.deadLetters();
  const named = await namedBlobs(bed.store, await usecasesOf(bed), bed.thresholdBytes);
  const onDisk = await bed.payloads();
  const unnamed = onDisk.filter(({ name }) => name === undefined || !named.has(name));
  const names = new Set(onDisk.map(({ name }) => name));
  const failed = stats.queues
    .map((queue) => queue.deadLetters)
    .reduce((sum, more) => sum + more, 0n);
  if (BigInt(deadLetters.length) !== failed)
    throw new Error(`${failed} letters, not all are shown`);
  return {
    changes: (log.changes?.length ?? 0) + (log.undecided?.length ?? 0),
    jobs: stats.queues.reduce((sum, { waiting, delayed, active }) => {
      return sum + Number(waiting + delayed + active);
    }, 0),
    deadLetters: deadLetters.length,
    unnamed: unnamed.map(({ name, file }) => name ?? file).toSorted(),
    missing: [...named].filter((name) => !names.has(name)),
    orphanBytes: Object.fromEntries(
      stats.orphanBytes
        .filter(({ bytes }) => bytes > 0n)
        .map(({ usecase, bytes }) => [usecase, Number(bytes)]),
    ),
    unreferencedBytes: bytesByUsecase(unnamed),
  };
}

export async function waitForRemains(
  bed: CleanupBed,
  expected: Partial<Remains>,
  operators: Operators = bed.operators,
): Promise<void> {
  const wanted = { ...nothing, ...expected };
  await waitUntil(
    `what is left is ${JSON.stringify(wanted)}`,
    () => remainsOf(bed, operators),
    (remains) => isDeepStrictEqual(remains, wanted),
    restMsMax,
  );
}

/** Everything is cleaned: no orphan, no change, no job, no dead letter, and nothing counted. */
export function waitForNothing(bed: CleanupBed, operators?: Operators): Promise<void> {
  return waitForRemains(bed, {}, operators);
}

const restMsMax = 60_000;

interface UsageAnswer {
  readonly usage?: readonly { readonly usecase?: string }[];
}

async function usecasesOf({ store }: CleanupBed): Promise<readonly string[]> {
  const request = { includeUsage: true };
  const { usage = [] } = await store.unary<UsageAnswer>(
    ['maintenance', 'DescribeStorage'],
    request,
  );
  return usage.map(({ usecase }) => usecase).filter((usecase) => usecase !== undefined);
}

function bytesByUsecase(blobs: readonly StoredPayload[]): BytesByUsecase {
  const sums: Record<string, number> = {};
  for (const { usecase, bytes } of blobs) sums[usecase] = (sums[usecase] ?? 0) + bytes;
  return sums;
}
