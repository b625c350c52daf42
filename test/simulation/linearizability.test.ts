import { parseRevision, type Revision, type Timestamp } from '@holdfast/domain';
import {
  isLinearizable,
  nothing,
  type Action,
  type KeyContent,
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

  describe('of an object with time-to-idle', () => {
    const expires = 100 as Timestamp;
    const idle: KeyContent = { revision: a, expires, expiryMoves: true };
    const used = (at: number, seen: Revision | undefined) => {
      const timeInvoked = at as Timestamp;
      return { reads: [{ key: 0, revision: seen, timeInvoked, timeReturned: at }], reachMs: 60 };
    };
    const at = (time: number, seen: Revision | undefined): HistoryEntry => ({
      ...entry(time, time, read, saw(seen)),
      timeInvoked: time as Timestamp,
      timeReturned: time as Timestamp,
    });

    it('refuses its absence before it can have expired', () => {
      assert.ok(!isLinearizable(idle, [at(99, undefined)]));
      assert.ok(isLinearizable(idle, [at(100, undefined)]));
    });

    it('refuses it once it must have expired', () => {
      assert.ok(isLinearizable(idle, [at(99, a)]));
      assert.ok(!isLinearizable(idle, [at(100, a)]));
    });

    it('lets a read extend it, or not, but not after it expired', () => {
      assert.ok(isLinearizable(idle, [at(149, a)], used(90, a)));
      assert.ok(isLinearizable(idle, [at(149, undefined)], used(90, a)));
      assert.ok(!isLinearizable(idle, [at(150, a)], used(90, a)));
      assert.ok(!isLinearizable(idle, [at(149, a)], used(100, a)));
    });

    it('refuses a condition on it once it was seen to be gone', () => {
      const replace: Action = {
        kind: 'put',
        revision: b,
        expires: undefined,
        lifetime: 'manual',
        condition: { kind: 'if-revision', revision: a },
      };
      const late = { ...entry(90, 120, replace, done), timeInvoked: 90 as Timestamp };
      const replaced = { ...late, timeReturned: 120 as Timestamp };
      assert.ok(isLinearizable(idle, [replaced]));
      assert.ok(!isLinearizable(idle, [replaced, at(110, undefined)]));
    });

    it('counts no read of another object, but one that told nothing', () => {
      assert.ok(!isLinearizable(idle, [at(149, a)], used(90, b)));
      assert.ok(isLinearizable(idle, [at(149, a)], used(90, undefined)));
    });
  });

  it('refuses a deleted object that comes back', () => {
    const history = [entry(0, 1, put(a), done), entry(2, 3, remove, done)];
    assert.ok(!explains(...history, entry(4, 5, read, saw(a))));
  });
});
