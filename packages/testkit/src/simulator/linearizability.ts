import type { Revision, Timestamp } from '@holdfast/domain';
import type { Action, Condition, HistoryEntry, IdleRead } from './history.js';

/** What one key held before the first operation. */
export interface KeyContent {
  readonly revision: Revision | undefined;
  readonly expires: Timestamp | undefined;
  /** Reads may move the expiry: `expires` is only the earliest it can be. */
  readonly expiryMoves: boolean;
}

/** What is known of the reads that move the expiry of a key's content. */
export interface IdleReads {
  readonly reads: readonly IdleRead[];
  /** How far after a read, at most, it may have moved the expiry. */
  readonly reachMs: number;
}

const noReads: IdleReads = { reads: [], reachMs: 0 };

export const nothing: KeyContent = { revision: undefined, expires: undefined, expiryMoves: false };

/**
 * Whether one order of the operations exists that explains every answer: each takes effect at one
 * moment between its call and its return; one of unknown outcome at any moment after its call, or
 * never. Searches orders depth first and remembers what it has tried (Wing and Gong, with Lowe's
 * memory).
 */
export function isLinearizable(
  initial: KeyContent,
  entries: readonly HistoryEntry[],
  idleReads = noReads,
): boolean {
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
      const after = apply(content, entry, idleReads);
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
function apply(
  content: KeyContent,
  entry: HistoryEntry,
  idleReads: IdleReads,
): KeyContent | undefined {
  const { action, result } = entry;
  const views = viewsOf(content, entry, idleReads);
  switch (result.kind) {
    case 'saw':
      return views.includes(result.revision) ? contentSeen(content, result.revision) : undefined;
    case 'refused': {
      const denies = views.includes(result.current) && !holds(conditionOf(action), result.current);
      return denies ? contentSeen(content, result.current) : undefined;
    }
    case 'done':
    case 'unknown':
      return effectOf(content, action, views);
    case 'no-effect':
      return content;
  }
}

/** What was seen to have expired does not come back. */
function contentSeen(content: KeyContent, seen: Revision | undefined): KeyContent {
  return seen === undefined ? nothing : content;
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
function viewsOf(
  content: KeyContent,
  entry: HistoryEntry,
  idleReads: IdleReads,
): readonly (Revision | undefined)[] {
  const { revision, expires } = content;
  if (revision === undefined || expires === undefined) return [revision];
  const end = entry.returned === Infinity ? Infinity : entry.timeReturned;
  const views: (Revision | undefined)[] = [];
  if (entry.timeInvoked < latestExpiry(content, expires, end, idleReads)) views.push(revision);
  if (end >= expires) views.push(undefined);
  return views;
}

/** The content expires at `expires` at the earliest, and at this at the latest, as seen until `end`. */
function latestExpiry(
  { revision, expiryMoves }: KeyContent,
  expires: Timestamp,
  end: number,
  { reads, reachMs }: IdleReads,
): number {
  if (!expiryMoves) return expires;
  let latest: number = expires;
  // In the order of their beginnings: one read may keep the content for the next one to see.
  for (const read of reads) {
    if (read.revision !== undefined && read.revision !== revision) continue;
    // A read that finds the content expired moves nothing.
    if (read.timeInvoked >= Math.min(latest, end + 1)) continue;
    latest = Math.max(latest, Math.min(read.timeReturned, end) + reachMs);
  }
  return latest;
}

function conditionOf(action: Action): Condition | undefined {
  return action.kind === 'read' ? undefined : action.condition;
}

function holds(condition: Condition | undefined, current: Revision | undefined): boolean {
  if (condition === undefined) return true;
  return condition.kind === 'if-absent' ? current === undefined : current === condition.revision;
}
