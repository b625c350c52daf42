import type { BlobName } from '../blob-name.js';
import type { Change } from '../change.js';
import type { EngineParts } from '../engine/engine-parts.js';
import { DomainError, hasCode } from '../errors.js';
import { countedBlobsMax, describeConcurrencyMax, uncountedAloneMax } from '../limits.js';
import { namedBlob } from '../row.js';
import { isReadFailure } from './blob-sizes.js';
import type { UsageTally } from './usage-tally.js';

/**
 * Adds up the blobs of changes that no row names. What cannot be read does not keep the others from
 * being counted: it is left out, and that is told.
 */
export interface UnreferencedCount {
  /**
   * Fails with `CANCELLED` after `signal` aborted, and as the tier did when so much could not be read,
   * and nothing else, that there is nothing to tell.
   */
  add(changes: readonly Change[], signal: AbortSignal | undefined): Promise<void>;
  /** Blobs that were left out since they, or the row that may name them, could not be read. */
  uncounted(): number;
}

export function createUnreferencedCount(engine: EngineParts, tally: UsageTally): UnreferencedCount {
  // A blob is the new one of its own change and the old one of those that would replace it. What is
  // on the log at the same time began at about the same time.
  const seen = new Set<BlobName>();
  let isAnyCounted = false;
  let uncounted = 0;
  let tierFailure: unknown;

  function isFirst(blob: BlobName): boolean {
    if (seen.has(blob)) return false;
    seen.add(blob);
    const [longestAgo] = seen;
    if (seen.size > countedBlobsMax && longestAgo !== undefined) seen.delete(longestAgo);
    return true;
  }

  function leaveOut(blobs: number, cause: unknown): void {
    if (!isReadFailure(cause)) throw cause;
    uncounted += blobs;
    if (hasCode(cause, 'TIER_UNAVAILABLE')) tierFailure ??= cause;
  }

  async function addBlob(usecase: string, blob: BlobName): Promise<void> {
    try {
      const unreferencedBytes = await engine.blobSizes.sizeOf(blob);
      isAnyCounted = true;
      if (unreferencedBytes > 0) tally.addLater(usecase, { unreferencedBytes });
    } catch (cause) {
      leaveOut(1, cause);
    }
  }

  async function addChange(change: Change): Promise<void> {
    const both = [change.newBlob, change.oldBlob].filter((blob) => blob !== undefined);
    const blobs = both.filter(isFirst);
    if (blobs.length === 0) return;
    let named: BlobName | undefined;
    try {
      named = await namedBy(engine, change);
    } catch (cause) {
      return leaveOut(blobs.length, cause);
    }
    for (const blob of blobs) {
      if (blob !== named) await addBlob(change.objectId.usecase, blob);
    }
  }

  return {
    async add(changes, signal) {
      const left = changes.values();
      const addNext = async (): Promise<void> => {
        for (const change of left) {
          if (signal?.aborted === true) throw new DomainError({ code: 'CANCELLED' });
          await addChange(change);
        }
      };
      await Promise.all(Array.from({ length: describeConcurrencyMax }, addNext));
      const isTierDown = tierFailure !== undefined && uncounted > uncountedAloneMax;
      if (isTierDown && !isAnyCounted) throw tierFailure;
    },
    uncounted: () => uncounted,
  };
}

async function namedBy(engine: EngineParts, { objectId }: Change): Promise<BlobName | undefined> {
  try {
    return namedBlob(await engine.highVolume.readHead(objectId, { mayWait: true }));
  } catch (error) {
    if (hasCode(error, 'UNREADABLE')) {
      engine.observer.report({ kind: 'unreadable-row', path: objectId.path });
    }
    throw error;
  }
}
