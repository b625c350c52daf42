import type { BlobName } from '../blob-name.js';
import { hasCode } from '../errors.js';
import { blobSizeFreshMs, blobSizesMax } from '../limits.js';
import type { Clock } from '../ports/clock.js';
import type { LongTermTier } from '../ports/long-term-tier.js';
import type { Timestamp } from '../timestamp.js';

/**
 * Sizes of blobs that wait to be freed. Blobs are immutable, so whoever adds them up again and again
 * asks the long-term tier for those only whose size nobody knows here, and one that is cut short gets
 * further next time.
 */
export interface BlobSizes {
  /**
   * 0 for what is not there, or not there yet. What cannot be read now has its last known size; where
   * none is known, it fails as the tier did.
   */
  sizeOf(blob: BlobName): Promise<number>;
  /** Of a blob that a row named until a moment ago: the row said how large it is. */
  learn(blob: BlobName, size: number): void;
  /** Of a blob that was deleted, or is not there. */
  forget(blob: BlobName): void;
}

interface KnownSize {
  readonly size: number;
  readonly time: Timestamp;
}

export function createBlobSizes({
  longTerm,
  clock,
}: {
  readonly longTerm: LongTermTier;
  readonly clock: Clock;
}): BlobSizes {
  const known = new Map<BlobName, KnownSize>();
  const asked = new Map<BlobName, Promise<number>>();

  function keep(blob: BlobName, size: number): void {
    known.delete(blob);
    if (size === 0) return;
    const [longestAgo] = known.keys();
    if (known.size >= blobSizesMax && longestAgo !== undefined) known.delete(longestAgo);
    known.set(blob, { size, time: clock.now() });
  }

  async function look(blob: BlobName): Promise<number> {
    const found = await longTerm.head(blob);
    return found.kind === 'found' ? found.metadata.size : 0;
  }

  function ask(blob: BlobName): Promise<number> {
    // Not so any more once the blob was forgotten meanwhile: it was found before its deletion.
    const isLatest = (): boolean => asked.get(blob) === asking;
    const asking = look(blob)
      .then((size) => {
        if (isLatest()) keep(blob, size);
        return size;
      })
      .finally(() => {
        if (isLatest()) asked.delete(blob);
      });
    asked.set(blob, asking);
    return asking;
  }

  return {
    async sizeOf(blob) {
      const last = known.get(blob);
      if (last !== undefined && clock.now() - last.time < blobSizeFreshMs) return last.size;
      try {
        return await (asked.get(blob) ?? ask(blob));
      } catch (error) {
        if (last === undefined || !isReadFailure(error)) throw error;
        return known.get(blob)?.size ?? 0;
      }
    },
    learn: keep,
    forget(blob) {
      known.delete(blob);
      asked.delete(blob);
    },
  };
}

/** A read that failed by what is stored or by who stores it, and says nothing about other reads. */
export function isReadFailure(error: unknown): boolean {
  const codes = ['TIER_UNAVAILABLE', 'UNREADABLE', 'CHECKSUM_MISMATCH'] as const;
  return codes.some((code) => hasCode(error, code));
}
