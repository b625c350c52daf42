import type { EngineParts } from '../engine/engine-parts.js';
import type { ChangeId } from '../revision.js';
import { settleChange, type FreedBlob } from './settle-change.js';

export interface RecoverRequest {
  readonly after?: ChangeId | undefined;
  /** At most so many log entries are looked at. */
  readonly examinedMax: number;
  readonly signal?: AbortSignal | undefined;
}

export interface RecoverReport {
  readonly settled: number;
  readonly freed: readonly FreedBlob[];
  /** Changes that could not be settled now, and why. They stay on the log. */
  readonly failed: readonly { readonly changeId: ChangeId; readonly cause: unknown }[];
  /** Entries of an unknown format. They stay on the log. */
  readonly undecided: readonly ChangeId[];
  /** Where to go on; absent when the log's end was reached. */
  readonly next?: ChangeId | undefined;
}

/** Settles the changes whose deadline has come: their writers are gone, or as good as gone. */
export async function recoverChanges(
  engine: EngineParts,
  request: RecoverRequest,
): Promise<RecoverReport> {
  const { after, examinedMax, signal } = request;
  const page = await engine.changeLog.list({ after, dueAt: engine.clock.now(), examinedMax });
  const freed: FreedBlob[] = [];
  const failed: { changeId: ChangeId; cause: unknown }[] = [];
  let settled = 0;
  let last = after;
  for (const { changeId } of page.changes) {
    if (signal?.aborted === true) return { settled, freed, failed, undecided: [], next: last };
    try {
      const outcome = await settleChange(engine, {
        changeId,
        youngChange: 'keep',
        replacedBlob: 'delete',
      });
      if ('freed' in outcome) freed.push(...outcome.freed);
      if (outcome.kind !== 'still-young') settled += 1;
    } catch (cause) {
      failed.push({ changeId, cause });
    }
    last = changeId;
  }
  return { settled, freed, failed, undecided: page.undecided, next: page.next };
}
