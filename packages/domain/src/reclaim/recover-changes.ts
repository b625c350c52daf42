import type { EngineParts } from '../engine/engine-parts.js';
import type { ChangeId } from '../revision.js';
import { freedBlobs, type FreedBlob } from './blob-fate.js';
import { settleChange } from './settle-change.js';
import { sweepInSteps, type SweepBounds, type SweepReach } from './sweep-in-steps.js';

export interface RecoverRequest extends SweepBounds {
  readonly after?: ChangeId | undefined;
}

export interface RecoverReport extends SweepReach<ChangeId> {
  readonly settled: number;
  /** Changes that can no longer commit, and whose blobs stay for a while for their readers. */
  readonly awaitingReaders: number;
  readonly freed: readonly FreedBlob[];
  /** Changes that could not be settled now, and why. They stay on the log. */
  readonly failed: readonly { readonly changeId: ChangeId; readonly cause: unknown }[];
  /** Entries that cannot be read, as the log names them. They stay on it. */
  readonly undecided: readonly string[];
}

/** Settles the changes whose deadline has come: their writers are gone, or as good as gone. */
export async function recoverChanges(
  engine: EngineParts,
  request: RecoverRequest,
): Promise<RecoverReport> {
  const freed: FreedBlob[] = [];
  const failed: { changeId: ChangeId; cause: unknown }[] = [];
  const undecided: string[] = [];
  let settled = 0;
  let awaitingReaders = 0;

  async function recover(changeId: ChangeId): Promise<void> {
    try {
      const outcome = await settleChange(engine, {
        changeId,
        youngChange: 'keep',
        unnamedBlobs: 'keep-for-readers',
      });
      if ('blobs' in outcome) freed.push(...freedBlobs(outcome.blobs));
      if (outcome.kind === 'awaiting-readers') awaitingReaders += 1;
      else if (outcome.kind !== 'still-young') settled += 1;
    } catch (cause) {
      failed.push({ changeId, cause });
    }
  }

  const reach = await sweepInSteps(request, request.after, async (after, examinedMax) => {
    const dueAt = engine.clock.now();
    const page = await engine.changeLog.list({ after, dueAt, examinedMax });
    undecided.push(...page.undecided);
    for (const { changeId } of page.changes) await recover(changeId);
    return page.next;
  });
  return { settled, awaitingReaders, freed, failed, undecided, ...reach };
}
