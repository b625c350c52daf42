import type { Clock } from '@holdfast/domain';
import { createManualClock, type ManualClock } from '@holdfast/testkit';
import { openLmdbStore, type LmdbOptions, type LmdbStore } from '@holdfast/tier-lmdb';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { openEnvironment, type Environment } from '../../packages/tier-lmdb/src/environment.js';
import { resolveLmdbOptions } from '../../packages/tier-lmdb/src/options.js';

export interface TemporaryLmdbStore extends LmdbStore {
  readonly clock: ManualClock;
  readonly directory: string;
  /** Writes to the databases below the store, as damage or a newer version would. */
  tamper(write: (environment: Environment) => void): Promise<void>;
  /** Closes the store and removes its files. */
  remove(): Promise<void>;
}

export function makeTemporaryDirectory(): Promise<string> {
  return mkdtemp(join(tmpdir(), 'holdfast-lmdb-'));
}

/** A store of this test alone. */
export async function openTemporaryLmdbStore(
  options: Omit<LmdbOptions, 'directory'> = {},
): Promise<TemporaryLmdbStore> {
  const directory = await makeTemporaryDirectory();
  const clock = createManualClock();
  const store = await openLmdbStore({ directory, ...options }, { clock });
  return {
    ...store,
    clock,
    directory,
    tamper: (write) => tamperWith(directory, write),
    async remove() {
      await store.close();
      await rm(directory, { recursive: true, force: true });
    },
  };
}

export async function withLmdbStore<Result>(
  options: LmdbOptions,
  clock: Clock,
  use: (store: LmdbStore) => Promise<Result>,
): Promise<Result> {
  const store = await openLmdbStore(options, { clock });
  try {
    return await use(store);
  } finally {
    await store.close();
  }
}

export async function tamperWith(
  directory: string,
  write: (environment: Environment) => void,
): Promise<void> {
  const environment = await openEnvironment(resolveLmdbOptions({ directory }));
  environment.root.transactionSync(() => write(environment));
  await environment.root.close();
}
