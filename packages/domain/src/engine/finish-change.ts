import type { Change } from '../change.js';
import type { ObjectId } from '../object-id.js';
import { removeBlob } from '../reclaim/blob-fate.js';
import { enqueueSettle, keepForReaders } from '../reclaim/keep-for-readers.js';
import type { ChangeId } from '../revision.js';
import { later } from '../timestamp.js';
import type { CommitEnd } from './change-plan.js';
import type { EngineParts } from './engine-parts.js';

/*
 * What happens behind the answer. None of it is needed for safety: the change is on the log, and a
 * sweep would find it there. So nothing here fails or delays a caller, and whatever cannot be done
 * now is reported and left on the log.
 */

/** After the commit was sent. */
export function finishChange(engine: EngineParts, change: Change, end: CommitEnd): void {
  switch (end) {
    case 'committed':
      return inBackground(engine, change, () => leaveReplacedBlob(engine, change));
    case 'not-committed':
      return abandonChange(engine, change);
    case 'unknown':
      return settleLater(engine, change);
  }
}

/**
 * The new blob is the row's now, and so is no more of this change's business: whoever replaces it has
 * it on an entry of their own. The old one goes when its readers have had their time.
 */
function leaveReplacedBlob(engine: EngineParts, change: Change): Promise<void> {
  if (change.oldBlob === undefined) return engine.changeLog.remove(change.changeId);
  const until = later(engine.clock.now(), engine.options.readerGraceMs);
  return keepForReaders(engine, { ...change, newBlob: undefined }, until);
}

/**
 * The change never committed and never will. Its blob was never named, so nobody reads it; the blob
 * it would have replaced is the business of whoever does replace it.
 */
export function abandonChange(engine: EngineParts, change: Change): void {
  inBackground(engine, change, async () => {
    const { changeId, objectId, newBlob } = change;
    try {
      await engine.highVolume.fence(objectId, changeId);
      if (newBlob !== undefined) await removeBlob(engine, newBlob);
      await engine.changeLog.remove(changeId);
    } catch {
      // The queued job meets the same fault, and shows it.
      settleLater(engine, change);
    }
  });
}

/** Takes an intent without a record out of the row. It would be harmless there. */
export function dropIntent(engine: EngineParts, id: ObjectId, changeId: ChangeId): void {
  engine.background.run(
    () => engine.highVolume.fence(id, changeId),
    (cause) => engine.observer.report({ kind: 'intent-left', id, cause }),
  );
}

function settleLater(engine: EngineParts, { changeId }: Change): void {
  enqueueSettle(engine, changeId, later(engine.clock.now(), engine.options.readerGraceMs));
}

function inBackground(engine: EngineParts, change: Change, task: () => Promise<void>): void {
  const { changeId } = change;
  engine.background.run(task, (cause) =>
    engine.observer.report({ kind: 'change-left-on-log', changeId, cause }),
  );
}
