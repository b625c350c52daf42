import type { Database } from 'lmdb';
import { statfsSync } from 'node:fs';
import type { Environment } from './environment.js';
import type { ResolvedLmdbOptions } from './options.js';

export interface SpaceGauge {
  /** How much may be written as of now, at least 0. LMDB itself has the last word. */
  roomBytes(): number;
  /** Whether so many bytes might have met the end of the disk. */
  mayHaveFilledDisk(bytes: number): boolean;
}

interface TreeStats {
  readonly pageSize: number;
  readonly treeBranchPageCount: number;
  readonly treeLeafPageCount: number;
  readonly overflowPages: number;
}

interface EnvironmentStats extends TreeStats {
  readonly lastPageNumber: number;
  readonly free: TreeStats;
  readonly root: TreeStats;
}

export function createSpaceGauge(
  { directory, sizeBytesMax, reservedBytes }: ResolvedLmdbOptions,
  environment: Environment,
): SpaceGauge {
  const { heads, payloads, intents, changes } = environment;

  function diskFreeBytes(): number {
    const { bavail, bsize } = statfsSync(directory);
    return bavail * bsize;
  }

  return {
    roomBytes() {
      heads.resetReadTxn();
      const whole = statsOf(heads);
      const trees = [whole, whole.free, whole.root, ...[payloads, intents, changes].map(statsOf)];
      const usedBytes = trees.reduce((sum, tree) => sum + bytesOf(tree), 0);
      const freeInsideBytes = Math.max(0, whole.lastPageNumber * whole.pageSize - usedBytes);
      const freeBytes = diskFreeBytes() + freeInsideBytes - reservedBytes;
      return Math.max(0, Math.min(sizeBytesMax - usedBytes, freeBytes));
    },
    mayHaveFilledDisk: (bytes) => diskFreeBytes() < bytes * writtenBytesPerByte + slackBytes,
  };
}

// A batch also writes the pages on the way to what it changes, and lists of pages it frees.
const writtenBytesPerByte = 2;
const slackBytes = 1024 * 1024;

function bytesOf(tree: TreeStats): number {
  const pages = tree.treeBranchPageCount + tree.treeLeafPageCount + tree.overflowPages;
  return pages * tree.pageSize;
}

/** lmdb-js does not declare what `getStats` answers. */
function statsOf(database: Database<Buffer, Buffer>): EnvironmentStats {
  return database.getStats() as EnvironmentStats;
}
