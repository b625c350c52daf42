import { maintenance } from '@holdfast/contracts';
import { later, type Clock } from '@holdfast/domain';
import { failedEntry, unknownOutcome, type Verdict } from './verdict.js';

const { BlobState } = maintenance;

/* Not exhaustive, because states may be added: their numbers come as they are. */
const goneStates: ReadonlySet<number> = new Set([BlobState.DELETED, BlobState.ABSENT]);
/** It is no orphan, or its change is on the log and has a job of its own. */
const keptStates: ReadonlySet<number> = new Set([
  BlobState.LIVE,
  BlobState.OWNED,
  BlobState.AWAITING_READERS,
]);

/**
 * The store thinks it younger than it can be, for clocks that differ by more than the finder's minimum
 * age: that is not over in a moment.
 */
const youngMs = 3_600_000;

/** What the store's answer about a blob means for the job that wanted it reclaimed. */
export function judgeReclaim(
  blob: string,
  answer: maintenance.ReclaimResult | undefined,
  { clock }: { readonly clock: Clock },
): Verdict {
  if (answer?.blob !== blob) return unknownOutcome('about another blob');
  const { result } = answer;
  if (result === undefined) return unknownOutcome('without a result that this version knows');
  if (result.$case === 'error') return failedEntry(result.value, { clock });
  const { state } = result.value;
  if (goneStates.has(state)) return { kind: 'done', tiers: 'well' };
  if (keptStates.has(state)) return { kind: 'done', tiers: 'not-known' };
  if (state === BlobState.YOUNG) return { kind: 'again', at: later(clock.now(), youngMs) };
  return unknownOutcome(`the state ${state}, which this version does not know`);
}
