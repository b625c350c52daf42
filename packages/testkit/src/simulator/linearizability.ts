import type { Revision, Timestamp } from '@holdfast/domain';
import type { Action, Condition, HistoryEntry } from './history.js';

/** What one key held before the first operation. */
export interface KeyContent {
  readonly revision: Revision | undefined;
  readonly expires: Timestamp | undefined;
  /** Reads may move the expiry, so what is known of it is only that it is no earlier. */
  readonly expiryMoves: boolean;
}

export const nothing: KeyContent = { revision: undefined, expires: undefined, expiryMoves: false };

/**
 * Whether one order of the operations exists that explains every answer: each takes effect at one
 * moment between its call and its return; one of unknown outcome at any moment after its call, or
 * never. Searches orders depth first and remembers what it has tried (Wing and Gong, with Lowe's
 * memory).
 */
export function isLinearizable(initial: KeyContent, entries: readonly HistoryEntry[]): boolean {
  const relevant = entries.filter((entry) => entry.result.kind !== 'no-effect');
  const all = (1 << relevant.length) - 1;
  const optional = maskOf(relevant, (entry) => entry.result.kind === 'unknown');
  const tried = new Set<string>();

  function search(taken: number, content: KeyContent): boolean {
    if ((taken | optional) === all) return true;
    const memory = `${taken} ${content.revision ?? ''}`;
    if (tried.has(memory)) return false;
    tried.add(memory);
    const firstReturn = earliestReturn(relevant, taken);
    for (const [index, entry] of relevant.entries()) {
      if ((taken & (1 << index)) !== 0 || entry.invoked > firstReturn) continue;
      const after = apply(content, entry);
      if (after !== undefined && search(taken | (1 << index), after)) return true;
    }
    return false;
  }
  return search(0, initial);
}

function maskOf(entries: readonly HistoryEntry[], test: (entry: HistoryEntry) => boolean): number {
  return entries.reduce((mask, entry, index) => (test(entry) ? mask | (1 << index) : mask), 0);
}

/** Whatever was called after this has to wait until the operation that returned has had its turn. */
function earliestReturn(entries: readonly HistoryEntry[], taken: number): number {
  let earliest = Infinity;
  for (const [index, entry] of entries.entries()) {
    if ((taken & (1 << index)) === 0 && entry.result.kind !== 'unknown') {
      earliest = Math.min(earliest, entry.returned);
    }
  }
  return earliest;
}

/** The key's content after the operation took effect on it; `undefined` if its answer denies that. */
function apply(content: KeyContent, entry: HistoryEntry): KeyContent | undefined {
  const { action, result } = entry;
  const views = viewsOf(content, entry);
  switch (result.kind) {
    case 'saw':
      return views.includes(result.revision) ? content : undefined;
    case 'refused': {
      const denies = views.includes(result.current) && !holds(conditionOf(action), result.current);
      return denies ? content : undefined;
    }
    case 'done':
    case 'unknown':
      return effectOf(content, action, views);
    case 'no-effect':
      return content;
  }
}

function effectOf(
  content: KeyContent,
  action: Action,
  views: readonly (Revision | undefined)[],
): KeyContent | undefined {
  if (action.kind === 'read') return content;
  const { condition } = action;
  // Deleting what is gone already is success, whatever revision was asked for.
  const idle = action.kind === 'delete' && views.includes(undefined);
  if (!idle && !views.some((revision) => holds(condition, revision))) return undefined;
  if (action.kind === 'delete') return nothing;
  const { revision, expires, lifetime } = action;
  return { revision, expires, expiryMoves: lifetime === 'tti' };
}

/** What an operation may find in a key, given that its content may expire while it looks. */
function viewsOf(content: KeyContent, entry: HistoryEntry): readonly (Revision | undefined)[] {
  const { revision, expires } = content;
  if (revision === undefined || expires === undefined) return [revision];
  const end = entry.returned === Infinity ? Infinity : entry.timeReturned;
  const views: (Revision | undefined)[] = [];
  if (entry.timeInvoked < expires || content.expiryMoves) views.push(revision);
  if (end >= expires) views.push(undefined);
  return views;
}

function conditionOf(action: Action): Condition | undefined {
  return action.kind === 'read' ? undefined : action.condition;
}

function holds(condition: Condition | undefined, current: Revision | undefined): boolean {
  if (condition === undefined) return true;
  return condition.kind === 'if-absent' ? current === undefined : current === condition.revision;
}
