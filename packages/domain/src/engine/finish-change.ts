import type { Change } from '../change.js';
import type { ObjectId } from '../object-id.js';
import { settleChange } from '../reclaim/settle-change.js';
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
  if (end === 'not-committed') return abandonChange(engine, change);
  const needless = end === 'committed' && change.oldBlob === undefined;
  inBackground(engine, change, () =>
    needless ? engine.changeLog.remove(change.changeId) : enqueueAfterGrace(engine, change),
  );
}

/** After a failure before the commit: it will never be sent, and the blob was never read. */
export function abandonChange(engine: EngineParts, change: Change): void {
  inBackground(engine, change, async () => {
    const settled = await settleChange(engine, {
      changeId: change.changeId,
      youngChange: 'settle',
      replacedBlob: 'keep-for-readers',
    }).catch(() => 'later' as const); // The queued job meets the same fault, and shows it.
    if (settled === 'later' || settled.kind === 'awaiting-readers') {
      await enqueueAfterGrace(engine, change);
    } else if (settled.kind === 'already-resolved') {
      // It was never recorded, and so nobody has fenced it.
      dropIntent(engine, change.objectId, change.changeId);
    }
  });
}

/** Takes an intent without a record out of the row. It would be harmless there. */
export function dropIntent(engine: EngineParts, id: ObjectId, changeId: ChangeId): void {
  const left = (cause: unknown): void => engine.observer.report({ kind: 'intent-left', id, cause });
  const started = engine.background.run(() => engine.highVolume.fence(id, changeId).catch(left));
  if (!started) left(tooMuchInBackground());
}

async function enqueueAfterGrace(engine: EngineParts, change: Change): Promise<void> {
  const { changeId, deadline } = change;
  const due = later(engine.clock.now(), engine.options.readerGraceMs);
  if (deadline < due) await engine.changeLog.defer(changeId, due);
  await engine.cleanupQueue.enqueue({ kind: 'settle-change', changeId }, due);
}

function inBackground(engine: EngineParts, change: Change, task: () => Promise<void>): void {
  const { changeId } = change;
  const left = (cause: unknown): void =>
    engine.observer.report({ kind: 'change-left-on-log', changeId, cause });
  const started = engine.background.run(() => task().catch(left));
  if (!started) left(tooMuchInBackground());
}

function tooMuchInBackground(): Error {
  return new Error('too many background tasks are running');
}
