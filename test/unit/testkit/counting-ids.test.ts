import { isRevision, type Timestamp } from '@holdfast/domain';
import { createCountingIds, createManualClock } from '@holdfast/testkit';
import assert from 'node:assert/strict';

describe('counting ids', () => {
  it('are valid, ascend and repeat with the same seed and clock', () => {
    const make = (): string[] => {
      const clock = createManualClock();
      const ids = createCountingIds(clock, 7);
      return Array.from({ length: 10_000 }, (_, at) => {
        if (at % 5000 === 0) clock.advance(1);
        return ids.revision();
      });
    };
    const made = make();
    assert.ok(made.every(isRevision));
    assert.deepEqual(made.toSorted(), made);
    assert.equal(new Set(made).size, made.length);
    assert.deepEqual(make(), made);
  });

  it('ascend also when the clock steps back', () => {
    const clock = createManualClock();
    const ids = createCountingIds(clock);
    const before = ids.revision();
    clock.set(5 as Timestamp);
    assert.ok(ids.revision() > before);
  });

  it('of different seeds are never the same', () => {
    const clock = createManualClock();
    const made = [0, 1, 2, 0xff_ffff].flatMap((seed) => {
      const ids = createCountingIds(clock, seed);
      return Array.from({ length: 100 }, () => ids.revision());
    });
    assert.equal(new Set(made).size, 400);
  });
});
