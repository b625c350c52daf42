import { rpc } from '@holdfast/contracts';
import { fromStatusBytes } from '@holdfast/rpc';

/** What the store answers for one entry of a call: how it is, or why that is not known. */
interface EntryAnswer {
  readonly result?:
    | { readonly $case: 'error'; readonly value: rpc.Status }
    | { readonly $case: 'settled' | 'outcome' | 'discarded' }
    | undefined;
}

/**
 * Asks the store about entries, and once more about those that had no room in its answer: with them
 * nothing was begun. When the second call fails its entries stay refused.
 */
export async function askInFull<Answer extends EntryAnswer>(
  entries: readonly string[],
  ask: (entries: readonly string[]) => Promise<readonly Answer[]>,
): Promise<readonly Answer[]> {
  const answers = await ask(entries);
  const left = entries.filter((_, at) => hadNoRoom(answers[at]));
  if (left.length === 0) return answers;
  const more = (await ask(left).catch(() => [])).values();
  return answers.map((answer) => {
    if (!hadNoRoom(answer)) return answer;
    return more.next().value ?? answer;
  });
}

function hadNoRoom(answer: EntryAnswer | undefined): boolean {
  if (answer?.result?.$case !== 'error') return false;
  const error = fromStatusBytes(rpc.Status.encode(answer.result.value).finish());
  return error.reason === 'AT_CAPACITY';
}
