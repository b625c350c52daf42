/**
 * What would become of blobs.
 *
 * 1. Ask about all of them, as a dry run.
 * 2. What the store left out, because there was too much for one call, is asked for again, for as long
 *    as each call decides about some.
 * 3. What is left out then is undecided, as is each blob with an error of its own, an answer about
 *    another blob, or a state that this version does not know.
 * 4. Where a tier was unavailable for all that the store came to, nothing was learned, and it fails as a
 *    whole: an outage must not look like a page that was swept.
 */
import { status } from '@grpc/grpc-js';
import { maintenance, rpc } from '@holdfast/contracts';
import { DomainError, type BlobJudgement, type BlobName, type SweptStore } from '@holdfast/domain';
import { durationMessage, fromStatusBytes, type RpcError } from '@holdfast/rpc';
import type { StoreCall } from './open-swept-store.js';
import { storeTier } from './store-errors.js';

const { BlobState, MaintenanceServiceService: contract } = maintenance;

const callsMax = 20;
/** For an entry that the store has left out, as one too many for its call. */
const leftOutReason = 'AT_CAPACITY';

/* Not exhaustive, because states may be added: their numbers come as they are. */
const judgements: ReadonlyMap<number, BlobJudgement> = new Map([
  [BlobState.RECLAIMABLE, { kind: 'orphan' }],
  [BlobState.LIVE, { kind: 'live' }],
  [BlobState.OWNED, { kind: 'owned' }],
  [BlobState.AWAITING_READERS, { kind: 'owned' }],
  [BlobState.YOUNG, { kind: 'young' }],
  [BlobState.ABSENT, { kind: 'gone' }],
  [BlobState.DELETED, { kind: 'gone' }],
]);

type Answered = BlobJudgement | { readonly kind: 'unavailable'; readonly why: string };
/** What one call tells of a blob. */
type Told = Answered | { readonly kind: 'left-out' };

export function createBlobJudge(call: StoreCall): SweptStore['judgeBlobs'] {
  async function ask(
    blobs: readonly BlobName[],
    ageMsMin: number,
    signal: AbortSignal,
  ): Promise<ReadonlyMap<BlobName, Told>> {
    const request = { blobs, minAge: durationMessage(ageMsMin), dryRun: true };
    const { results } = await call(contract.reclaimBlobs, request, signal);
    return new Map(blobs.map((blob, index) => [blob, toldOf(blob, results[index])]));
  }

  return async (blobs, ageMsMin, signal) => {
    const known = new Map<BlobName, Answered>();
    let left = blobs;
    for (let calls = 0; left.length > 0 && calls < callsMax; calls += 1) {
      for (const [blob, told] of await ask(left, ageMsMin, signal)) {
        if (told.kind !== 'left-out') known.set(blob, told);
      }
      failIfUnavailable([...known.values()]);
      const before = left.length;
      left = left.filter((blob) => !known.has(blob));
      if (left.length === before) break;
    }
    return blobs.map((blob) => judgementOf(known.get(blob)));
  };
}

function failIfUnavailable(told: readonly Answered[]): void {
  const [first] = told;
  if (first?.kind !== 'unavailable' || told.some(({ kind }) => kind !== 'unavailable')) return;
  throw new DomainError({ code: 'TIER_UNAVAILABLE', tier: storeTier, why: first.why });
}

function judgementOf(told: Answered | undefined): BlobJudgement {
  if (told === undefined) return undecided('the store did not come to it in time');
  return told.kind === 'unavailable' ? undecided(told.why) : told;
}

function toldOf(blob: BlobName, answer: maintenance.ReclaimResult | undefined): Told {
  if (answer?.blob !== blob) return undecided('the store answered about another blob');
  const { result } = answer;
  switch (result?.$case) {
    case undefined:
      return undecided('the store answered in a way that this version does not know');
    case 'error': {
      const { code, reason, message } = errorOf(result.value);
      if (reason === leftOutReason) return { kind: 'left-out' };
      return code === status.UNAVAILABLE
        ? { kind: 'unavailable', why: message }
        : undecided(message);
    }
    case 'outcome': {
      const { state } = result.value;
      return judgements.get(state) ?? undecided(`the store answered the unknown state ${state}`);
    }
  }
}

function undecided(why: string): BlobJudgement {
  return { kind: 'undecided', why };
}

function errorOf(error: rpc.Status): RpcError {
  return fromStatusBytes(rpc.Status.encode(error).finish());
}
