import { parseRevision, type Revision, type Timestamp } from '@holdfast/domain';
import {
  isLinearizable,
  nothing,
  type Action,
  type HistoryEntry,
  type Result,
} from '@holdfast/testkit';
import assert from 'node:assert/strict';

const a = revision('a');
const b = revision('b');

function revision(digit: string): Revision {
  return parseRevision(`00000000-0000-7000-8000-00000000000${digit}`);
}

function put(written: Revision, condition?: { kind: 'if-absent' }): Action {
  return { kind: 'put', revision: written, expires: undefined, lifetime: 'manual', condition };
}

const read: Action = { kind: 'read' };
const remove: Action = { kind: 'delete', condition: undefined };
const done: Result = { kind: 'done' };
const unknown: Result = { kind: 'unknown' };

function saw(seen: Revision | undefined): Result {
  return { kind: 'saw', revision: seen };
}

function entry(invoked: number, returned: number, action: Action, result: Result): HistoryEntry {
  const time = 0 as Timestamp;
  const times = { timeInvoked: time, timeReturned: time };
  return { process: 0, key: 0, invoked, returned, ...times, action, result };
}

function explains(...entries: readonly HistoryEntry[]): boolean {
  return isLinearizable(nothing, entries);
}

describe('the check of histories', () => {
  it('accepts a read of what was written', () => {
    assert.ok(explains(entry(0, 1, put(a), done), entry(2, 3, read, saw(a))));
  });

  it('refuses a read that misses what was acknowledged', () => {
    assert.ok(!explains(entry(0, 1, put(a), done), entry(2, 3, read, saw(undefined))));
  });

  it('refuses a read of what was overwritten before', () => {
    const writes = [entry(0, 1, put(a), done), entry(2, 3, put(b), done)];
    assert.ok(!explains(...writes, entry(4, 5, read, saw(a))));
  });

  it('accepts either order of writes at the same time, but one order only', () => {
    const writes = [entry(0, 5, put(a), done), entry(0, 5, put(b), done)];
    assert.ok(explains(...writes, entry(6, 7, read, saw(a))));
    assert.ok(explains(...writes, entry(6, 7, read, saw(b))));
    assert.ok(!explains(...writes, entry(6, 7, read, saw(a)), entry(8, 9, read, saw(b))));
  });

  it('lets a write of unknown outcome land late or never, but once', () => {
    const lost = entry(0, Infinity, put(a), unknown);
    assert.ok(explains(lost, entry(2, 3, put(b), done), entry(4, 5, read, saw(b))));
    assert.ok(explains(lost, entry(2, 3, put(b), done), entry(4, 5, read, saw(a))));
    const between = [entry(2, 3, read, saw(a)), entry(4, 5, put(b), done)];
    assert.ok(!explains(lost, ...between, entry(6, 7, read, saw(a))));
  });

  it('refuses a conditional write beside another that it excludes', () => {
    const both = [entry(0, 5, put(a, { kind: 'if-absent' }), done), entry(0, 5, put(b), done)];
    assert.ok(!explains(...both, entry(6, 7, read, saw(a))));
    assert.ok(explains(...both, entry(6, 7, read, saw(b))));
  });

  it('refuses a failed condition that held all the time', () => {
    const refused: Result = { kind: 'refused', current: undefined };
    assert.ok(!explains(entry(0, 1, put(a, { kind: 'if-absent' }), refused)));
  });

  it('accepts a delete of nothing', () => {
    assert.ok(explains(entry(0, 1, remove, done), entry(2, 3, read, saw(undefined))));
  });

  it('refuses a deleted object that comes back', () => {
    const history = [entry(0, 1, put(a), done), entry(2, 3, remove, done)];
    assert.ok(!explains(...history, entry(4, 5, read, saw(a))));
  });
});
