import type { BlobName } from '../blob-name.js';
import type { Change } from '../change.js';
import { hasCode } from '../errors.js';
import type { EngineParts } from '../engine/engine-parts.js';
import { countedBlobsMax, describeConcurrencyMax } from '../limits.js';
import { namedBlob } from '../row.js';
import type { UsageTally } from './usage-tally.js';

/** Adds up the blobs of changes that no row names. */
export interface UnreferencedCount {
  add(changes: readonly Change[]): Promise<void>;
}

export function createUnreferencedCount(engine: EngineParts, tally: UsageTally): UnreferencedCount {
  // A blob is the new one of its own change and the old one of those that would replace it. What is
  // on the log at the same time began at about the same time.
  const counted = new Set<BlobName>();

  function isFirst(blob: BlobName): boolean {
    if (counted.has(blob)) return false;
    counted.add(blob);
    const [longestAgo] = counted;
    if (counted.size > countedBlobsMax && longestAgo !== undefined) counted.delete(longestAgo);
    return true;
  }

  async function addChange(change: Change): Promise<void> {
    const blobs = [change.newBlob, change.oldBlob].filter((blob) => blob !== undefined);
    if (blobs.length === 0) return;
    const named = await namedBy(engine, change);
    for (const blob of blobs) {
      if (named === unknown || blob === named || !isFirst(blob)) continue;
      const unreferencedBytes = await sizeOf(engine, blob);
      if (unreferencedBytes > 0) tally.addLater(change.objectId.usecase, { unreferencedBytes });
    }
  }

  return {
    async add(changes) {
      for (let at = 0; at < changes.length; at += describeConcurrencyMax) {
        await Promise.all(changes.slice(at, at + describeConcurrencyMax).map(addChange));
      }
    },
  };
}

const unknown = Symbol('of a row that cannot be read');

async function namedBy(
  engine: EngineParts,
  { objectId }: Change,
): Promise<BlobName | typeof unknown | undefined> {
  try {
    return namedBlob(await engine.highVolume.readHead(objectId));
  } catch (error) {
    if (!hasCode(error, 'UNREADABLE')) throw error;
    engine.observer.report({ kind: 'unreadable-row', path: objectId.path });
    return unknown;
  }
}

/** 0 for what is not there, or not there yet, and for what cannot be read. */
async function sizeOf(engine: EngineParts, blob: BlobName): Promise<number> {
  try {
    const found = await engine.longTerm.head(blob);
    return found.kind === 'found' ? found.metadata.size : 0;
  } catch (error) {
    if (hasCode(error, 'UNREADABLE') || hasCode(error, 'CHECKSUM_MISMATCH')) return 0;
    throw error;
  }
}
