import type { EngineParts } from '../engine/engine-parts.js';
import type { BlobName } from '../blob-name.js';
import { orphanAgeMsMin } from '../limits.js';
import type { UndecidedEntry } from '../ports/long-term-tier.js';
import { reclaimBlob } from './reclaim-blob.js';
import type { FreedBlob } from './settle-change.js';

export interface ReclaimOrphansRequest {
  readonly cursor?: string | undefined;
  /** At most so many blobs are looked at. */
  readonly examinedMax: number;
  /** Younger blobs are left alone. It saves work, and is not what makes this safe. */
  readonly ageMsMin?: number | undefined;
  readonly signal?: AbortSignal | undefined;
}

export interface ReclaimOrphansReport {
  readonly examined: number;
  readonly freed: readonly FreedBlob[];
  /** Blobs that could not be judged now, and why. They stay. */
  readonly failed: readonly { readonly blob: BlobName; readonly cause: unknown }[];
  /** What is no blob of ours. It stays. */
  readonly undecided: readonly UndecidedEntry[];
  readonly next?: string | undefined;
}

/** Lists one page of the long-term tier, and then reclaims those of its blobs that nothing names. */
export async function reclaimOrphans(
  engine: EngineParts,
  request: ReclaimOrphansRequest,
): Promise<ReclaimOrphansReport> {
  const { cursor, examinedMax, ageMsMin = orphanAgeMsMin, signal } = request;
  const page = await engine.longTerm.list(cursor, examinedMax);
  const freed: FreedBlob[] = [];
  const failed: { blob: BlobName; cause: unknown }[] = [];
  for (const { name: blob, timeCreated } of page.blobs) {
    // A page that was cut short is looked at again from its beginning: it costs time, not safety.
    if (signal?.aborted === true) {
      return { examined: 0, freed, failed, undecided: [], next: cursor };
    }
    if (engine.clock.now() - timeCreated < ageMsMin) continue;
    try {
      const outcome = await reclaimBlob(engine, blob);
      if (outcome.kind === 'freed') freed.push({ blob, size: outcome.size });
    } catch (cause) {
      failed.push({ blob, cause });
    }
  }
  const { blobs, undecided, next } = page;
  return { examined: blobs.length + undecided.length, freed, failed, undecided, next };
}
