import { maintenance } from '@holdfast/contracts';
import type { Clock } from '@holdfast/domain';
import { againAt } from './again-at.js';
import { failedEntry, unknownOutcome, type Verdict } from './verdict.js';

const { BlobState, SettleOutcome } = maintenance;

/* Not exhaustive, because outcomes may be added: their numbers come as they are. */
const doneOutcomes: ReadonlySet<number> = new Set([
  SettleOutcome.COMMITTED,
  SettleOutcome.SUPERSEDED,
  SettleOutcome.ALREADY_RESOLVED,
]);
const waitingOutcomes: ReadonlySet<number> = new Set([
  SettleOutcome.STILL_YOUNG,
  SettleOutcome.AWAITING_READERS,
]);

/** What the store's answer about a change means for the job that wanted it settled. */
export function judgeSettle(
  changeId: string,
  answer: maintenance.SettleResult | undefined,
  { clock }: { readonly clock: Clock },
): Verdict {
  if (answer?.changeId !== changeId) return unknownOutcome('about another change');
  const { result } = answer;
  if (result === undefined) return unknownOutcome('without a result that this version knows');
  if (result.$case === 'error') return failedEntry(result.value, { clock });
  const { outcome, blobs, deadline } = result.value;
  if (doneOutcomes.has(outcome)) {
    return { kind: 'done', tiers: blobs.some(isGone) ? 'well' : 'not-known' };
  }
  if (waitingOutcomes.has(outcome)) return { kind: 'again', at: againAt(deadline, clock) };
  return unknownOutcome(`the outcome ${outcome}, which this version does not know`);
}

/** The long-term tier has been asked, and has answered. */
function isGone({ state }: maintenance.BlobOutcome): boolean {
  return state === BlobState.DELETED || state === BlobState.ABSENT;
}
