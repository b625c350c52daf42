import type { BlobName } from '../blob-name.js';
import type { EngineParts } from '../engine/engine-parts.js';
import { orphanAgeMsMin } from '../limits.js';
import type { ListedBlob, UndecidedEntry } from '../ports/long-term-tier.js';
import type { FreedBlob } from './blob-fate.js';
import { reclaimBlob } from './reclaim-blob.js';
import { sweepInSteps, type SweepBounds, type SweepReach } from './sweep-in-steps.js';

export interface ReclaimOrphansRequest extends SweepBounds {
  readonly cursor?: string | undefined;
  /** Younger blobs are left alone. It saves work, and is not what makes this safe. */
  readonly ageMsMin?: number | undefined;
}

export interface ReclaimOrphansReport extends SweepReach<string> {
  readonly examined: number;
  /** Orphans that are on the change log now, and stay for a while for their readers. */
  readonly awaitingReaders: number;
  readonly freed: readonly FreedBlob[];
  /** Blobs that could not be judged now, and why. They stay. */
  readonly failed: readonly { readonly blob: BlobName; readonly cause: unknown }[];
  /** What is no blob of ours. It stays. */
  readonly undecided: readonly UndecidedEntry[];
}

/** Lists the long-term tier, a few blobs at a time, and then reclaims those that nothing names. */
export async function reclaimOrphans(
  engine: EngineParts,
  request: ReclaimOrphansRequest,
): Promise<ReclaimOrphansReport> {
  const { ageMsMin = orphanAgeMsMin } = request;
  const freed: FreedBlob[] = [];
  const failed: { blob: BlobName; cause: unknown }[] = [];
  const undecided: UndecidedEntry[] = [];
  let examined = 0;
  let awaitingReaders = 0;

  async function reclaim({ name: blob, timeCreated }: ListedBlob): Promise<void> {
    if (engine.clock.now() - timeCreated < ageMsMin) return;
    try {
      const outcome = await reclaimBlob(engine, { blob });
      if (outcome.kind === 'freed') freed.push({ blob, size: outcome.size });
      if (outcome.kind === 'awaiting-readers') awaitingReaders += 1;
    } catch (cause) {
      failed.push({ blob, cause });
    }
  }

  const reach = await sweepInSteps(request, request.cursor, async (cursor, limit) => {
    const page = await engine.longTerm.list(cursor, limit);
    examined += page.blobs.length + page.undecided.length;
    undecided.push(...page.undecided);
    for (const blob of page.blobs) await reclaim(blob);
    return page.next;
  });
  return { examined, awaitingReaders, freed, failed, undecided, ...reach };
}
