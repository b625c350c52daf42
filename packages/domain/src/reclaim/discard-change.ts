import type { Change } from '../change.js';
import type { EngineParts } from '../engine/engine-parts.js';
import type { ChangeId } from '../revision.js';

export type DiscardOutcome =
  { readonly kind: 'discarded'; readonly change: Change } | { readonly kind: 'not-on-log' };

/**
 * Gives a change up that an operator knows cannot be settled. No blob is deleted: those that no row
 * names are orphans from then on, and reclaimed like any other.
 *
 * 1. Read the entry from the log.
 * 2. Fence: from here on the change has committed or it never will. A writer at work is told so.
 * 3. Remove the entry.
 *
 * An error at any step keeps the entry. A settle or a writer that is at work at the same time may put
 * it back: then it is settled, or discarded again.
 */
export async function discardChange(
  engine: EngineParts,
  changeId: ChangeId,
): Promise<DiscardOutcome> {
  const change = await engine.changeLog.get(changeId);
  if (change === undefined) return { kind: 'not-on-log' };
  await engine.highVolume.fence(change.objectId, changeId);
  await engine.changeLog.remove(changeId);
  return { kind: 'discarded', change };
}
