import type { Clock } from '@holdfast/domain';
import { lstat, opendir, unlink } from 'node:fs/promises';
import { join } from 'node:path';
import { unlessMissing } from './errors.js';
import { isTemporary, type Layout } from './layout.js';

export interface AbandonedQuery {
  /** Files written to since then are left alone. */
  readonly olderThanMs: number;
  readonly examinedMax: number;
  /** Ends it after the file that it is at. What is left is found by the next call. */
  readonly signal?: AbortSignal;
}

export interface AbandonedReport {
  readonly examined: number;
  readonly removed: number;
  readonly removedBytes: number;
}

/**
 * Removes temporary files that nobody has written to for a while: what processes left behind that
 * died. A writer that is merely slow or paused loses its file's name, not its file: its link then
 * fails, so it reports `TIER_UNAVAILABLE` and nothing of it appears.
 */
export async function removeAbandoned(
  { olderThanMs, examinedMax, signal }: AbandonedQuery,
  layout: Layout,
  clock: Clock,
): Promise<AbandonedReport> {
  let examined = 0;
  let removed = 0;
  let removedBytes = 0;
  for await (const { name } of await opendir(layout.temporary)) {
    if (examined === examinedMax || signal?.aborted === true) break;
    examined += 1;
    if (!isTemporary(name)) continue;
    const bytes = await removeIfOld(join(layout.temporary, name), clock.now() - olderThanMs);
    if (bytes === undefined) continue;
    removed += 1;
    removedBytes += bytes;
  }
  return { examined, removed, removedBytes };
}

/** The bytes that were removed, if they were. */
async function removeIfOld(path: string, writtenBefore: number): Promise<number | undefined> {
  return unlessMissing(async () => {
    const stats = await lstat(path);
    if (!stats.isFile() || stats.mtimeMs >= writtenBefore) return undefined;
    await unlink(path);
    // A second name means that the blob lives on under its own.
    return stats.nlink > 1 ? 0 : stats.size;
  });
}
