import { limits } from '@holdfast/domain';
import { createManualClock, createRowFixtures } from '@holdfast/testkit';
import assert from 'node:assert/strict';
import {
  decodeIntents,
  hasIntent,
  isWithoutIntents,
  noIntents,
  withIntent,
  withoutIntent,
} from '../../../packages/tier-lmdb/src/intents-codec.js';
import { bitFlipsOf, isUnreadable } from '../domain/damage.js';

describe('the codec of intents', () => {
  const make = createRowFixtures(createManualClock());
  const ids = Array.from({ length: limits.intentsPerRowMax + 5 }, () => make.changeId());
  const some = ids.slice(0, 3).reduce(withIntent, noIntents);

  it('reads a row without an entry as one without intents', () => {
    assert.ok(isWithoutIntents(decodeIntents(undefined, 'path')));
  });

  it('finds the intents that were added and no others', () => {
    const read = decodeIntents(some, 'path');
    assert.deepEqual(
      ids.map((id) => hasIntent(read, id)),
      ids.map((_, index) => index < 3),
    );
  });

  it('takes out one intent and leaves the rest', () => {
    const [first, second, third, fourth] = ids;
    assert.ok(first && second && third && fourth);
    const left = withoutIntent(some, second);
    assert.deepEqual(
      [first, second, third].map((id) => hasIntent(left, id)),
      [true, false, true],
    );
    assert.equal(withoutIntent(left, fourth), left);
    assert.ok(isWithoutIntents([first, third].reduce(withoutIntent, left)));
  });

  it('drops the oldest beyond the limit', () => {
    const read = decodeIntents(ids.reduce(withIntent, noIntents), 'path');
    assert.deepEqual(
      ids.map((id) => hasIntent(read, id)),
      ids.map((_, index) => index >= 5),
    );
  });

  it('makes an intent that is added again the youngest, not a second one', () => {
    const [first] = ids;
    assert.ok(first);
    const again = withIntent(some, first);
    assert.equal(again.length, some.length);
    assert.ok(!hasIntent(withoutIntent(again, first), first));
  });

  it('finds an entry unreadable that is cut off within an intent, empty or of another format', () => {
    const torn = Array.from(some, (_, length) => length).filter((length) => length % 16 !== 1);
    for (const length of [1, ...torn]) {
      assert.throws(() => decodeIntents(some.subarray(0, length), 'path'), isUnreadable);
    }
    for (const damaged of bitFlipsOf(some, 0)) {
      assert.throws(() => decodeIntents(damaged, 'path'), isUnreadable);
    }
  });
});
