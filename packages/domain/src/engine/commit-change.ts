import { DomainError } from '../errors.js';
import { revisionOf } from '../revision.js';
import { physicalRevision, type RowHead, type RowWrite } from '../row.js';
import type { ChangePlan, CommitEnd, Done, Fenced } from './change-plan.js';
import { hadNoEffect, outcomeUnknown } from './effects.js';
import type { EngineParts } from './engine-parts.js';

export interface CommitResult<Refusal> {
  readonly end: CommitEnd;
  /** What the caller gets; throws what the caller must be told by an error. */
  readonly answer: () => Refusal | Done | Fenced;
}

const done: Done = { kind: 'done' };
const fenced: Fenced = { kind: 'fenced' };

/**
 * Sends the commit, once, and finds out what became of it.
 *
 * | the store says | the row then | what it means | the caller gets |
 * | committed | | it is the truth now | done |
 * | refused | is what I wrote | an earlier reply was lost | done |
 * | refused | was overwritten | the last writer wins, and it was not me | done |
 * | refused | says nothing | I was fenced, or cannot tell | fenced, never done |
 * | refused, with a condition | is not what I wrote | I had no effect | what the condition says of that row; if it holds, fenced |
 * | no answer | is what I wrote | only the reply was lost | done |
 * | no answer | was overwritten | mine came before it, or never | done; with a condition: unknown |
 * | no answer | is as I read it | it never will be | unavailable: no effect |
 * | no answer | says nothing | it never will be | unknown: it may have come and gone |
 *
 * Before the row is believed after no answer, the change fences itself: then the commit has landed or
 * it never will.
 */
export async function commitChange<Refusal>(
  engine: EngineParts,
  plan: ChangePlan<Refusal>,
  base: RowHead,
  write: RowWrite,
): Promise<CommitResult<Refusal>> {
  const { id, changeId } = plan;
  let refused: boolean;
  try {
    const reply = await engine.highVolume.commit(id, changeId, write, plan.onlyWhileLive);
    if (reply === 'committed') return { end: 'committed', answer: () => done };
    refused = true;
  } catch (error) {
    if (hadNoEffect(error)) return { end: 'not-committed', answer: () => fail(error) };
    refused = false;
  }
  try {
    if (!refused) await engine.highVolume.fence(id, changeId);
    const current = await engine.highVolume.readHead(id);
    return refused
      ? afterRefusal(plan, base, current, write)
      : afterSilence(plan, base, current, write);
  } catch (error) {
    return { end: 'unknown', answer: () => fail(outcomeUnknown(error)) };
  }
}

function afterRefusal<Refusal>(
  plan: ChangePlan<Refusal>,
  base: RowHead,
  current: RowHead,
  write: RowWrite,
): CommitResult<Refusal> {
  const judgement = judge(plan, base, current, write);
  if (judgement === 'mine') return { end: 'committed', answer: () => done };
  const answer = (): Refusal | Done | Fenced => {
    if (plan.conditional) return plan.refuse(current) ?? fenced;
    return judgement === 'overwritten' ? done : fenced;
  };
  return { end: 'not-committed', answer };
}

function afterSilence<Refusal>(
  plan: ChangePlan<Refusal>,
  base: RowHead,
  current: RowHead,
  write: RowWrite,
): CommitResult<Refusal> {
  const unknown = (): never => fail(outcomeUnknown(undefined));
  switch (judge(plan, base, current, write)) {
    case 'mine':
      return { end: 'committed', answer: () => done };
    case 'overwritten':
      return { end: 'unknown', answer: plan.conditional ? unknown : () => done };
    case 'inconclusive':
      return isUntouched(base, current)
        ? { end: 'not-committed', answer: () => fail(neverLanded()) }
        : { end: 'unknown', answer: unknown };
  }
}

type Judgement = 'mine' | 'overwritten' | 'inconclusive';

/**
 * Compares what is in the row now with what was there after my begin. It was overwritten if it holds
 * an object that came since and that would have come whatever was there: then my write may be taken
 * to have come just before it. Not so if that object was written under a condition, which my write
 * would have failed; nor if the row is empty, for it may have expired or been emptied under a
 * condition.
 */
function judge(
  plan: ChangePlan<unknown>,
  base: RowHead,
  current: RowHead,
  write: RowWrite,
): Judgement {
  const wrote = write.kind === 'absent' ? undefined : revisionOf(plan.changeId);
  if (physicalRevision(current) === wrote) return 'mine';
  if (current.kind === 'absent' || current.metadata.conditional === true) return 'inconclusive';
  const cameSince = current.metadata.revision !== physicalRevision(base);
  return cameSince ? 'overwritten' : 'inconclusive';
}

/** A revision is written once: had anything come in between, it would not be there any more. */
function isUntouched(base: RowHead, current: RowHead): boolean {
  const revision = physicalRevision(base);
  return revision !== undefined && revision === physicalRevision(current);
}

function neverLanded(): DomainError {
  const why = 'it did not answer, and the commit never came to it';
  return new DomainError({ code: 'TIER_UNAVAILABLE', tier: 'the high-volume tier', why });
}

function fail(error: unknown): never {
  throw error;
}
