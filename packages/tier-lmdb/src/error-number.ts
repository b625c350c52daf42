import { constants } from 'node:os';

const numbersByName: ReadonlyMap<unknown, number> = new Map(Object.entries(constants.errno));

/**
 * What went wrong, as a number: positive for an errno, negative for a code of LMDB's own. lmdb-js
 * puts the number into `code`. Node puts a name there and the negated errno into `errno`; for an
 * errno without a name in Node, as a quota that is used up, only the number tells.
 */
export function errorNumberOf(error: unknown): number | undefined {
  if (!(error instanceof Error)) return undefined;
  const code = 'code' in error ? error.code : undefined;
  if (typeof code === 'number') return code;
  const isNumbered = 'errno' in error && typeof error.errno === 'number';
  return numbersByName.get(code) ?? (isNumbered ? Math.abs(Number(error.errno)) : undefined);
}
