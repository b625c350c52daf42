import { durationMessage, millisecondsOf } from '@holdfast/rpc';
import assert from 'node:assert/strict';

describe('A duration on the wire', () => {
  it('is read to a part of a millisecond', () => {
    assert.equal(millisecondsOf({ seconds: 2n, nanos: 500_000 }), 2_000.5);
    assert.equal(millisecondsOf({ seconds: -1n, nanos: -500_000_000 }), -1_500);
    assert.equal(millisecondsOf({ seconds: 0n, nanos: 0 }), 0);
  });

  it('is none when its parts contradict each other', () => {
    for (const [seconds, nanos] of [
      [1n, -1],
      [-1n, 1],
      [0n, 1_000_000_000],
    ] as const) {
      assert.equal(millisecondsOf({ seconds, nanos }), undefined);
    }
  });

  it('is written in whole milliseconds, rounded up, and never negative', () => {
    assert.deepEqual(durationMessage(1_500), { seconds: 1n, nanos: 500_000_000 });
    assert.deepEqual(durationMessage(0.2), { seconds: 0n, nanos: 1_000_000 });
    assert.deepEqual(durationMessage(-5), { seconds: 0n, nanos: 0 });
  });
});
