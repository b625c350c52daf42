import type { ChangeLog, Clock, HighVolumeTier } from '@holdfast/domain';
import { createLmdbChangeLog } from './change-log.js';
import { openEnvironment, rewriteFormat, transactIn } from './environment.js';
import { createGroupCommit } from './group-commit.js';
import { createLmdbHighVolumeTier } from './high-volume-tier.js';
import { resolveLmdbOptions, type LmdbOptions } from './options.js';
import { createReadCurrent } from './read-current.js';
import { createSpaceGauge } from './space-gauge.js';

/** Rows and change log in one LMDB environment, which several processes may have open at once. */
export interface LmdbStore {
  readonly highVolumeTier: HighVolumeTier;
  readonly changeLog: ChangeLog;
  /**
   * Answers what was submitted, refuses what comes later, and lets go of the files. It waits for a
   * commit that hangs no longer than `commitMsMax`; then the files are let go when that ends.
   */
  close(): Promise<void>;
}

/** Opens the store, and makes it first where there is none. */
export async function openLmdbStore(
  options: LmdbOptions,
  { clock }: { readonly clock: Clock },
): Promise<LmdbStore> {
  const resolved = resolveLmdbOptions(options);
  const environment = await openEnvironment(resolved);
  const space = createSpaceGauge(resolved, environment);
  const commits = createGroupCommit(resolved, {
    transact: transactIn(environment),
    touch: () => rewriteFormat(environment),
    space,
  });
  let closing: Promise<void> | undefined;
  const readCurrent = createReadCurrent(environment, () => closing !== undefined);

  async function closeOnce(): Promise<void> {
    const commit = await commits.close();
    if (commit.kind === 'ended') return environment.root.close();
    // LMDB is not to be unmapped below a commit. Nobody is left who could hear of a failure.
    void commit.end.then(() => environment.root.close()).catch(() => undefined);
  }

  return {
    highVolumeTier: createLmdbHighVolumeTier({ clock, environment, commits, readCurrent }),
    changeLog: createLmdbChangeLog({ environment, commits, readCurrent }),
    close: () => (closing ??= closeOnce()),
  };
}
