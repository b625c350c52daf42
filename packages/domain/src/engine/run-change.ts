import type { Change } from '../change.js';
import { namedBlob, type RowHead, type RowWrite } from '../row.js';
import { later } from '../timestamp.js';
import type { ChangePlan, Done, Fenced } from './change-plan.js';
import { commitChange } from './commit-change.js';
import { withoutEffect } from './effects.js';
import type { EngineParts } from './engine-parts.js';
import { SettledMeanwhile } from './upload-blob.js';
import { abandonChange, dropIntent, finishChange } from './finish-change.js';

const highVolume = 'the high-volume tier';
const fenced: Fenced = { kind: 'fenced' };

/**
 * Runs a change. What makes it safe is that its intent can be taken away: whoever wants to delete
 * one of its blobs first makes its commit impossible.
 *
 * 1. `begin`: leave an intent in the row, and wait until it is there.
 * 2. Read the row: the base, whose blob this change replaces.
 * 3. Record the change on the log, when blobs are involved. Only after 1, so that whoever finds the
 *    record finds an intent to fence. From here on nothing that this change creates can be forgotten.
 * 4. Prepare: upload the new blob.
 * 5. `commit`, which succeeds only if the intent is still there. This is the commit point.
 * 6. Answer. Tidying up goes on behind the answer, from the log.
 *
 * | fails at | effect | who cleans up |
 * | 1 | none | nobody needs to: an intent without a record is gone with the row's next write |
 * | 2 | none | the same |
 * | 3 | none | this process; a record that landed late is settled by a sweep |
 * | 4 | none | this process, else a sweep from the log; a blob that lands late is found by listing |
 * | 5 | by `commit-change.ts` | the same |
 */
export async function runChange<Refusal>(
  engine: EngineParts,
  plan: ChangePlan<Refusal>,
): Promise<Refusal | Done | Fenced> {
  const base = await beginAndRead(engine, plan);
  const refusal = plan.refuse(base);
  if (refusal !== undefined) {
    dropIntent(engine, plan.id, plan.changeId);
    return refusal;
  }
  const change = changeOf(engine, plan, base);
  const recorded = change.newBlob !== undefined || change.oldBlob !== undefined;
  let write: RowWrite;
  try {
    if (recorded) await record(engine, change);
    write = await plan.prepare(change);
  } catch (error) {
    if (recorded) abandonChange(engine, change);
    else dropIntent(engine, plan.id, plan.changeId);
    if (error instanceof SettledMeanwhile) return fenced;
    throw error;
  }
  const result = await commitChange(engine, plan, base, write);
  // What was replaced waits to be freed, and nobody needs to look how large it is.
  if (result.end === 'committed' && base.kind === 'tombstone') {
    engine.blobSizes.learn(base.blob, base.metadata.size);
  }
  if (recorded) finishChange(engine, change, result.end);
  else if (result.end !== 'committed') dropIntent(engine, plan.id, plan.changeId);
  return result.answer();
}

async function beginAndRead(engine: EngineParts, plan: ChangePlan<unknown>): Promise<RowHead> {
  const { id, changeId } = plan;
  try {
    await engine.highVolume.begin(id, changeId);
    return await engine.highVolume.readHead(id);
  } catch (error) {
    dropIntent(engine, id, changeId);
    throw withoutEffect(error, highVolume);
  }
}

async function record(engine: EngineParts, change: Change): Promise<void> {
  try {
    await engine.changeLog.record(change);
  } catch (error) {
    throw withoutEffect(error, 'the change log');
  }
}

function changeOf(engine: EngineParts, plan: ChangePlan<unknown>, base: RowHead): Change {
  return {
    changeId: plan.changeId,
    objectId: plan.id,
    newBlob: plan.newBlob,
    oldBlob: namedBlob(base),
    deadline: later(engine.clock.now(), engine.options.changeDeadlineMs),
  };
}
