import type { cleanup } from '@holdfast/contracts';
import { addAbortSignal } from 'node:stream';
import { linesOf } from '../lines-of.js';
import { UsageError } from '../usage-error.js';
import type { AdminContext } from './admin-command.js';
import { filterOf, noFilter } from './letter-filter.js';

/** What one call takes. */
const idsMax = 1_000;

/** Which dead letters a command line names. */
export type NamedLetters =
  | { readonly kind: 'ids'; readonly isSingle: boolean }
  | { readonly kind: 'filter'; readonly filter: cleanup.DeadLetterFilter; readonly isAll: boolean };

/** Ids, or a filter, or all there are; never all because nothing was said. */
export function readNamedLetters({ flags, operands }: AdminContext): NamedLetters {
  const filter = filterOf(flags, Date.now());
  const isAll = flags.isSet('all');
  const ways = [operands.length > 0, isAll, filter !== undefined].filter(Boolean).length;
  if (ways !== 1) {
    throw new UsageError('which dead letters? ids, or --all, or flags like --reason to filter by');
  }
  if (filter !== undefined) return { kind: 'filter', filter, isAll: false };
  if (isAll) return { kind: 'filter', filter: noFilter, isAll: true };
  return { kind: 'ids', isSingle: operands.length === 1 && operands[0] !== '-' };
}

/** The ids in lists as long as a call takes. `-` stands for those on standard input. */
export async function* idLists({
  host,
  operands,
}: AdminContext): AsyncGenerator<readonly string[], undefined> {
  let list: string[] = [];
  for await (const id of idsOf(operands, host)) {
    list.push(id);
    if (list.length < idsMax) continue;
    yield list;
    list = [];
  }
  if (list.length > 0) yield list;
  return undefined;
}

async function* idsOf(
  operands: readonly string[],
  { stdin, signal }: AdminContext['host'],
): AsyncGenerator<string, undefined> {
  for (const operand of operands) {
    if (operand !== '-') {
      yield operand;
      continue;
    }
    // Whoever sends the ids may be slow, or may be somebody at a terminal who has had enough.
    addAbortSignal(signal, stdin);
    for await (const line of linesOf(stdin)) if (line !== '') yield line;
  }
  return undefined;
}
