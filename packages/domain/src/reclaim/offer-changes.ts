import type { EngineParts } from '../engine/engine-parts.js';
import type { ChangeId } from '../revision.js';
import type { Timestamp } from '../timestamp.js';
import { sweepInSteps, type SweepBounds, type SweepReach } from './sweep-in-steps.js';

export interface OfferRequest extends SweepBounds {
  readonly after?: ChangeId | undefined;
}

/**
 * Where the queue did not take a change, `next` is left out although it was cut short: to go on would
 * fail in the same way, and whoever begins anew begins with the oldest.
 */
export interface OfferReport extends SweepReach<ChangeId> {
  /** Changes that are on the queue now, whether they were before or not. */
  readonly offered: number;
  /** Changes that the queue did not take, and why. They stay on the log. */
  readonly failed: readonly { readonly changeId: ChangeId; readonly cause: unknown }[];
  /** Entries that cannot be read, as the log names them. They stay on it. */
  readonly undecided: readonly string[];
}

/**
 * Puts the changes on the queue whose deadline has come: their jobs were lost, or their writers are gone.
 * One whose job is still there, or is a dead letter, is swallowed by it.
 */
export async function offerChanges(
  engine: EngineParts,
  request: OfferRequest,
): Promise<OfferReport> {
  const failed: { changeId: ChangeId; cause: unknown }[] = [];
  const undecided: string[] = [];
  let offered = 0;

  async function offer(changeId: ChangeId, now: Timestamp): Promise<void> {
    try {
      await engine.cleanupQueue.enqueue({ kind: 'settle-change', changeId }, now);
      offered += 1;
    } catch (cause) {
      failed.push({ changeId, cause });
    }
  }

  const reach = await sweepInSteps(
    request,
    request.after,
    async (after, examinedMax) => {
      const dueAt = engine.clock.now();
      const page = await engine.changeLog.list({ after, dueAt, examinedMax });
      undecided.push(...page.undecided);
      // All of a page at once: a queue takes many together for little more than one.
      await Promise.all(page.changes.map(({ changeId }) => offer(changeId, dueAt)));
      return page.next;
    },
    () => failed.length > 0,
  );
  const isRefused = failed.length > 0;
  return { offered, failed, undecided, ...(isRefused ? { truncated: true } : reach) };
}
