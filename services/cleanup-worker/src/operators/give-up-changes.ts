import { rpc, type maintenance } from '@holdfast/contracts';
import type { DeadLetter } from '@holdfast/domain';
import { fromStatusBytes } from '@holdfast/rpc';
import { askInFull } from './ask-in-full.js';
import type { OperatorDependencies } from './dependencies.js';
import { changeIdIn, type LetterSubject } from './letter-subjects.js';

/** What became of the change of one letter on the change log. */
export type GivenUp =
  | { readonly kind: 'failed'; readonly error: unknown }
  /** It is not on the log, or there is no change. */
  | { readonly kind: 'gone'; readonly change?: undefined }
  /** It was on the log, and is not any more because of this call. */
  | { readonly kind: 'given-up'; readonly change: maintenance.Change };

/** Gives the changes of the letters up, all at once, and answers what became of each. */
export async function giveUpChanges(
  store: Pick<OperatorDependencies['store'], 'discard'>,
  letters: readonly DeadLetter[],
  reason: string,
): Promise<(letter: DeadLetter) => GivenUp> {
  const changeIds = letters.map(changeIdIn).filter((id) => id !== undefined);
  const results = await discard(store, changeIds, reason);
  return (letter) => {
    const changeId = changeIdIn(letter);
    return changeId === undefined ? { kind: 'gone' } : results(changeId);
  };
}

async function discard(
  store: Pick<OperatorDependencies['store'], 'discard'>,
  changeIds: readonly string[],
  reason: string,
): Promise<(changeId: string) => GivenUp> {
  const results = new Map<string, GivenUp>();
  try {
    // Not ended with the caller: what it has done by then would not be known.
    const ask = (ids: readonly string[]) => store.discard(ids, reason, {});
    const answers = changeIds.length === 0 ? [] : await askInFull(changeIds, ask);
    for (const { changeId, result } of answers) results.set(changeId, givenUp(result));
  } catch (error) {
    return () => ({ kind: 'failed', error });
  }
  return (changeId) => results.get(changeId) ?? unanswered;
}

/** Without an answer nobody knows, and the letter is kept. */
const unanswered: GivenUp = { kind: 'failed', error: new Error('the store did not answer for it') };

function givenUp(result: maintenance.DiscardResult['result']): GivenUp {
  switch (result?.$case) {
    case 'error':
      return {
        kind: 'failed',
        error: fromStatusBytes(rpc.Status.encode(result.value).finish()),
      };
    case 'discarded': {
      const { change } = result.value;
      return change === undefined ? { kind: 'gone' } : { kind: 'given-up', change };
    }
    case undefined:
      return unanswered;
  }
}

/** What a change is about, for where nothing more was found out. */
export function subjectOf(change: maintenance.Change): LetterSubject {
  const { objectId, newBlob, oldBlob } = change;
  return { objectId, blobs: [newBlob, oldBlob].filter((blob) => blob !== undefined) };
}
