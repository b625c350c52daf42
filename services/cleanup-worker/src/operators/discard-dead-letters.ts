import type { cleanup, maintenance } from '@holdfast/contracts';
import type { DeadLetter } from '@holdfast/domain';
import type { CallContext, UnaryHandler } from '@holdfast/rpc';
import { createAudit } from './audit.js';
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
 * What fails in 2 keeps its letter. A crash or an error between 2 and 3 leaves letters of changes that are
 * not on the log any more: a retry finds nothing to do, and to discard them again is a success.
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
  const found = await lettersById(dependencies, selection.ids, signal);
  for (const id of selection.ids) if (!found.has(id)) tally.failed(id, letterNotFound());
  return { letters: [...found.values()], more: false };
}

async function discardStep(
  dependencies: Discarding,
  letters: readonly DeadLetter[],
  { selection, reason, tally, context }: Discard,
): Promise<void> {
  const { queues, store } = dependencies;
  const audit = createAudit(dependencies, context);
  const subjects = await lookUpSubjects(store, letters, context.signal);
  context.signal.throwIfAborted();
  const fateOf = await giveUpChanges(store, letters, reason);

  const takeOff = async (letter: DeadLetter, change?: maintenance.Change): Promise<void> => {
    const found = subjects.of(letter);
    const subject = found.objectId === undefined && change ? subjectOf(change) : found;
    try {
      const unreachable = tally.queueError();
      if (unreachable !== undefined) throw unreachable;
      const outcome = await reachQueue(() => queues.consumer.discardDeadLetter(letter.id));
      if (outcome === 'discarded' || change !== undefined) {
        tally.done();
        audit.discarded(letter, subject, reason);
      } else if (selection.kind === 'ids') {
        tally.failed(letter.id, letterNotFound());
      }
    } catch (error) {
      tally.failed(letter.id, error);
      if (change !== undefined) audit.halfDiscarded(letter, subject, reason, error);
    }
  };

  // What was given up on the log is carried through, also when the caller has gone.
  await inParallel(letters, concurrencyMax, undefined, async (letter) => {
    const fate = fateOf(letter);
    if (fate.kind === 'failed') tally.failed(letter.id, fate.error);
    else await takeOff(letter, fate.change);
  });
}
