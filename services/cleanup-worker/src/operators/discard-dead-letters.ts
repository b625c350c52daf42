import type { cleanup } from '@holdfast/contracts';
import type { DeadLetter } from '@holdfast/domain';
import type { CallContext, UnaryHandler } from '@holdfast/rpc';
import { createAudit, type Audit, type DiscardTerms } from './audit.js';
import type { OperatorDependencies } from './dependencies.js';
import { gatherLetters, lettersById, letterStepMax } from './find-letters.js';
import { giveUpChanges, subjectOf } from './give-up-changes.js';
import { inParallel } from './in-parallel.js';
import { readSelection, selectedMax, type LetterSelection } from './letter-selection.js';
import { lookUpSubjects } from './letter-subjects.js';
import { createLetterTally, letterNotFound, type LetterTally } from './letter-tally.js';
import { reachQueue } from './reach-queue.js';
import { checkReason } from './request-bounds.js';

/** Letters that are taken off at the same time. */
const concurrencyMax = 32;

type Discarding = Pick<OperatorDependencies, 'queues' | 'store' | 'logger' | 'metrics'>;

/** What one call is about. */
interface Discard {
  readonly selection: LetterSelection;
  readonly reason: string;
  readonly tally: LetterTally;
  readonly context: CallContext;
}

/**
 * Gives dead letters up:
 *
 * 1. find the letters, and what they are about;
 * 2. give their changes up on the change log, which is where it is decided: from here on no sweep brings
 *    them back;
 * 3. take the letters off, and write down who wanted that, and why.
 *
 * What fails in 2 keeps its letter; what it has done on the log all the same is in the audit log of the
 * store. A crash or an error between 2 and 3 leaves letters of changes that are not on the log any more: a
 * retry finds nothing to do, and to discard them again is a success.
 */
export function createDiscardDeadLetters(
  dependencies: Discarding,
): UnaryHandler<cleanup.DiscardDeadLettersRequest, cleanup.DiscardDeadLettersResponse> {
  const discarded = dependencies.metrics
    .counter('dead_letters_discarded_total', 'dead letters given up by operators')
    .labels();
  return async (request, context) => {
    const { reason } = request;
    const selection = readSelection(request.selection);
    checkReason(reason, 1);
    const tally = createLetterTally();
    const discard = { selection, reason, tally, context };
    const { letters, more } = await findLetters(dependencies, discard);
    try {
      for (let at = 0; at < letters.length; at += letterStepMax) {
        await discardStep(dependencies, letters.slice(at, at + letterStepMax), discard);
      }
    } finally {
      discarded.add(tally.doneCount());
    }
    return { failures: tally.failures(), discarded: tally.doneCount(), more };
  };
}

async function findLetters(
  dependencies: Discarding,
  { selection, tally, context: { signal } }: Discard,
): Promise<{ readonly letters: readonly DeadLetter[]; readonly more: boolean }> {
  if (selection.kind === 'filter') {
    return gatherLetters(dependencies, selection.filter, selectedMax, signal);
  }
  const found = await lettersById(dependencies, selection.ids);
  for (const id of selection.ids) if (!found.has(id)) tally.failed(id, letterNotFound());
  return { letters: [...found.values()], more: false };
}

async function discardStep(
  dependencies: Discarding,
  letters: readonly DeadLetter[],
  discard: Discard,
): Promise<void> {
  const { queues, store } = dependencies;
  const { reason, tally, context } = discard;
  const audit = createAudit(dependencies, context);
  const subjects = await lookUpSubjects(store, letters, context.signal);
  context.signal.throwIfAborted();
  const fateOf = await giveUpChanges(store, letters, reason);

  // What was given up on the log is carried through, also when the caller has gone.
  await inParallel(letters, concurrencyMax, undefined, async (letter) => {
    const fate = fateOf(letter);
    if (fate.kind === 'failed') return tally.failed(letter.id, fate.error);
    const { change } = fate;
    const found = subjects.of(letter);
    const subject = found.objectId === undefined && change ? subjectOf(change) : found;
    await takeOff(queues, { letter, subject, reason }, change !== undefined, { discard, audit });
  });
}

/** `isGivenUp`: there was a change, and it is off the log. */
async function takeOff(
  queues: Discarding['queues'],
  terms: DiscardTerms,
  isGivenUp: boolean,
  { discard, audit }: { readonly discard: Discard; readonly audit: Audit },
): Promise<void> {
  const { selection, tally } = discard;
  const { id } = terms.letter;
  const unreachable = tally.queueError();
  if (unreachable !== undefined) {
    tally.failed(id, unreachable);
    if (isGivenUp) audit.halfDiscarded(terms, unreachable);
    return;
  }
  try {
    const outcome = await reachQueue(() => queues.consumer.discardDeadLetter(id));
    if (outcome === 'discarded' || isGivenUp) {
      tally.done();
      audit.discarded(terms);
    } else if (selection.kind === 'ids') {
      tally.failed(id, letterNotFound());
    }
  } catch (error) {
    tally.failed(id, error);
    audit.discardedPerhaps(terms, isGivenUp, error);
  }
}
