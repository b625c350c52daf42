import type { DeadLetter, DeadLetterPage } from '@holdfast/domain';
import type { DeadLetters, OperatorDependencies } from './dependencies.js';
import { isShownToMatch, type LetterFilter } from './letter-filter.js';
import { lookUpSubjects, type LetterSubjects } from './letter-subjects.js';
import { reachQueue } from './reach-queue.js';

/**
 * So many letters are looked at at once. The store ends an answer at 1.5 MB, which is what 294 changes of
 * the longest names fill, and as many letters with the longest errors fit into an answer of 2 MiB.
 */
export const letterStepMax = 250;

/** What letters are found with. */
export interface Finding {
  readonly queues: {
    readonly consumer: Pick<DeadLetters, 'listDeadLetters' | 'findDeadLetters'>;
  };
  readonly store: Pick<OperatorDependencies['store'], 'settle' | 'reclaim'>;
}

export interface MatchingPage {
  readonly letters: readonly DeadLetter[];
  /** Where the next page begins; missing after the last one. */
  readonly next?: string | undefined;
  /** What the letters are about, where it was looked up to find them. */
  readonly subjects?: LetterSubjects | undefined;
}

/** One page of letters, and of these the ones that match. */
export async function matchingPage(
  { queues, store }: Finding,
  filter: LetterFilter,
  page: { readonly cursor: string | undefined; readonly limit: number },
  signal: AbortSignal,
): Promise<MatchingPage> {
  const { letters, next } = await listed(queues, page.cursor, page.limit);
  const shown = letters.filter((letter) => isShownToMatch(filter, letter));
  const { usecase } = filter;
  if (usecase === undefined) return { letters: shown, next };
  const subjects = await lookUpSubjects(store, shown, signal);
  signal.throwIfAborted();
  const matching = shown.filter((letter) => usecaseOf(letter, subjects) === usecase);
  return { letters: matching, next, subjects };
}

/** All letters that match, oldest first, up to `max` of them. */
export async function gatherLetters(
  finding: Finding,
  filter: LetterFilter,
  max: number,
  signal: AbortSignal,
): Promise<{ readonly letters: readonly DeadLetter[]; readonly more: boolean }> {
  const found: DeadLetter[] = [];
  let cursor: string | undefined;
  do {
    signal.throwIfAborted();
    const page = await matchingPage(finding, filter, { cursor, limit: letterStepMax }, signal);
    const room = max - found.length;
    found.push(...page.letters.slice(0, room));
    cursor = page.next;
    const isLeft = page.letters.length > room || cursor !== undefined;
    if (found.length === max && isLeft) return { letters: found, more: true };
  } while (cursor !== undefined);
  return { letters: found, more: false };
}

/** The letters of these ids, as far as there are any. */
export async function lettersById(
  { queues }: Pick<Finding, 'queues'>,
  ids: readonly string[],
): Promise<ReadonlyMap<string, DeadLetter>> {
  const letters = await reachQueue(() => queues.consumer.findDeadLetters(ids));
  return new Map(letters.map((letter) => [letter.id, letter]));
}

function listed(
  queues: Finding['queues'],
  cursor: string | undefined,
  limit: number,
): Promise<DeadLetterPage> {
  return reachQueue(() => queues.consumer.listDeadLetters(cursor, limit));
}

/**
 * `undefined` where the letter has none, which is so of a change that is not on the log any more.
 * Throws where it may have one and nobody can say which: neither to leave the letter out nor to take it
 * for one of the others would be right.
 */
function usecaseOf(letter: DeadLetter, subjects: LetterSubjects): string | undefined {
  const failure = subjects.failureOf(letter);
  if (failure !== undefined) throw failure;
  return subjects.of(letter).objectId?.usecase;
}
