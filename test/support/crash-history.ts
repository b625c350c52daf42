import { parseRevision, type Revision, type Timestamp } from '@holdfast/domain';
import { isLinearizable, type Action, type HistoryEntry, type Result } from '@holdfast/testkit';
import assert from 'node:assert/strict';
import { crashKeys, type CrashAction, type CrashResult } from './crash-child.js';

/** The keys' contents, as the numbers of the operations that wrote them. */
export type Contents = readonly (number | undefined)[];

export interface SentOperation {
  readonly number: number;
  readonly key: number;
  readonly action: CrashAction;
  readonly invoked: number;
  /** Never, for what was under way when the process died. */
  returned: number;
  result: CrashResult | 'unknown';
}

/** Every acknowledged operation and what is read afterwards fit into one order. */
export function checkHistory(
  before: Contents,
  sent: readonly SentOperation[],
  found: Contents,
): void {
  for (let key = 0; key < crashKeys; key += 1) {
    const entries = sent.filter((operation) => operation.key === key).map(entryOf);
    const read: Result = { kind: 'saw', revision: revisionOf(found[key]) };
    entries.push(
      entry(Number.MAX_SAFE_INTEGER - 1, Number.MAX_SAFE_INTEGER, { kind: 'read' }, read),
    );
    const initial = {
      revision: revisionOf(before[key]),
      expires: undefined,
      expiryMoves: false,
    };
    const told = (): string => JSON.stringify({ initial, entries, found: found[key] });
    assert.ok(isLinearizable(initial, entries), `no order explains key ${key}: ${told()}`);
  }
}

function entryOf({ number, action, invoked, returned, result }: SentOperation): HistoryEntry {
  return entry(invoked, returned, actionOf(number, action), resultOf(result));
}

function entry(invoked: number, returned: number, action: Action, result: Result): HistoryEntry {
  const time = 0 as Timestamp;
  const times = { timeInvoked: time, timeReturned: time };
  return { process: 0, key: 0, invoked, returned, ...times, action, result };
}

function actionOf(number: number, action: CrashAction): Action {
  if (action === 'delete') return { kind: 'delete', condition: undefined };
  const revision = revisionOf(number);
  assert(revision !== undefined);
  const condition = action === 'put-if-absent' ? ({ kind: 'if-absent' } as const) : undefined;
  return { kind: 'put', revision, expires: undefined, lifetime: 'manual', condition };
}

function resultOf(result: SentOperation['result']): Result {
  // The child does not tell which object it was refused for: that it had no effect is what counts.
  return { kind: result === 'refused' ? 'no-effect' : result };
}

function revisionOf(operation: number | undefined): Revision | undefined {
  if (operation === undefined) return undefined;
  return parseRevision(`00000000-0000-7000-8000-${operation.toString(16).padStart(12, '0')}`);
}
