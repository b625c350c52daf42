import type { cleanup } from '@holdfast/contracts';
import { invalidField } from '@holdfast/rpc';
import { readFilter, type LetterFilter } from './letter-filter.js';

/** Which dead letters to act on. */
export type LetterSelection =
  | { readonly kind: 'ids'; readonly ids: readonly string[] }
  | { readonly kind: 'filter'; readonly filter: LetterFilter };

/** As many letters are acted on in one call. */
export const selectedMax = 1_000;
const idCharactersMax = 1_024;

export function readSelection(message: cleanup.DeadLetterSelection | undefined): LetterSelection {
  const selection = message?.selection;
  switch (selection?.$case) {
    case 'ids':
      return { kind: 'ids', ids: readIds(selection.value.ids) };
    case 'filter':
      return { kind: 'filter', filter: readFilter('selection.filter', selection.value) };
    case undefined:
      throw invalidField('INVALID_SELECTION', 'selection', 'must name ids or a filter');
  }
}

/** Each once: the second of two would be told that there is no such letter. */
function readIds(ids: readonly string[]): readonly string[] {
  const field = 'selection.ids.ids';
  if (ids.length === 0 || ids.length > selectedMax) {
    const why = `must be 1 to ${selectedMax} entries, there are ${ids.length}`;
    throw invalidField('INVALID_BATCH', field, why);
  }
  const wrong = ids.findIndex(({ length }) => length === 0 || length > idCharactersMax);
  if (wrong >= 0) {
    const why = `must be 1 to ${idCharactersMax} characters`;
    throw invalidField('INVALID_SELECTION', `${field}[${wrong}]`, why);
  }
  return [...new Set(ids)];
}
