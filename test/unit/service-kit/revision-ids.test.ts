import { isRevision, type Clock, type Revision, type Timestamp } from '@holdfast/domain';
import { createRevisionIds } from '@holdfast/service-kit';
import assert from 'node:assert/strict';

const start = 1_767_225_600_000;
const idsPerMs = 4096;

describe('revision ids', () => {
  it('are unique and ascend, 100,000 in a row', () => {
    const { clock } = clockAt(start);
    assertAscending(take(100_000, clock));
  });

  it('ascend while the clock moves forward and back', () => {
    const { clock, set } = clockAt(start);
    const ids = createRevisionIds(clock);
    const made: Revision[] = [];
    for (const time of [0, 1, 1, -5_000, -4_999, 0, 1, 2, -86_400_000, 3]) {
      set(start + time);
      for (let count = 0; count < 1_000; count += 1) made.push(ids.revision());
    }
    assertAscending(made);
  });

  it('hold the time of the clock while it moves forward', () => {
    const { clock, set } = clockAt(start);
    const ids = createRevisionIds(clock);
    for (const time of [start, start + 1, start + 1_000]) {
      set(time);
      assert.equal(timeOf(ids.revision()), time);
    }
  });

  it('go on from the latest time seen when the clock steps back', () => {
    const { clock, set } = clockAt(start);
    const ids = createRevisionIds(clock);
    ids.revision();
    set(start - 60_000);
    assert.equal(timeOf(ids.revision()), start);
    set(start + 1);
    assert.equal(timeOf(ids.revision()), start + 1);
  });

  it('borrow from the next millisecond when one is used up', () => {
    const { clock } = clockAt(start);
    const made = take(2 * idsPerMs + 1, clock);
    assert.deepEqual(
      [0, idsPerMs - 1, idsPerMs, 2 * idsPerMs].map((index) => timeOf(made[index])),
      [start, start, start + 1, start + 2],
    );
    assertAscending(made);
  });

  it('of two processes differ although their clocks agree', () => {
    const { clock } = clockAt(start);
    const both = [...take(10_000, clock), ...take(10_000, clock)];
    assert.equal(new Set(both).size, both.length);
  });
});

function clockAt(time: number): { readonly clock: Clock; readonly set: (time: number) => void } {
  let now = time;
  const clock: Clock = { now: () => now as Timestamp, sleep: () => Promise.resolve() };
  return {
    clock,
    set: (to) => {
      now = to;
    },
  };
}

function take(count: number, clock: Clock): Revision[] {
  const ids = createRevisionIds(clock);
  return Array.from({ length: count }, () => ids.revision());
}

function assertAscending(made: readonly Revision[]): void {
  for (const [index, id] of made.entries()) {
    assert.ok(isRevision(id), id);
    const before = made[index - 1];
    assert.ok(before === undefined || before < id, `${before} is before ${id}`);
  }
}

function timeOf(revision: Revision | undefined): number {
  assert.ok(revision !== undefined);
  return Number.parseInt(revision.replace('-', '').slice(0, 12), 16);
}
