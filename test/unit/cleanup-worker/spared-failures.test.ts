import { createManualClock } from '@holdfast/testkit';
import assert from 'node:assert/strict';
import {
  createSparedFailures,
  spareMsMax,
} from '../../../services/cleanup-worker/src/cleaning/spared-failures.js';

const hour = 3_600_000;

describe('A job that fails while the breaker is not closed', () => {
  function arrange() {
    const clock = createManualClock();
    return { clock, spared: createSparedFailures({ clock }) };
  }

  it('keeps its attempts for a time, however often it fails, and not any more afterwards', () => {
    const { clock, spared } = arrange();
    const stepMs = 60_000;
    for (let passed = 0; passed < spareMsMax; passed += stepMs) {
      assert.equal(spared.spare('a'), true);
      clock.advance(stepMs);
    }
    assert.equal(spared.spare('a'), false);
    assert.equal(spared.spare('b'), true);
  });

  it('has all of that time again when it had not failed in between', () => {
    const { clock, spared } = arrange();
    spared.spare('a');
    clock.advance(spareMsMax);
    spared.forget('a');
    assert.equal(spared.spare('a'), true);
  });

  it('has all of it again when nobody had heard of it for a day', () => {
    const { clock, spared } = arrange();
    spared.spare('a');
    clock.advance(24 * hour + 1);
    assert.equal(spared.spare('a'), true);
  });

  it('is forgotten when many others have failed since', () => {
    const { clock, spared } = arrange();
    spared.spare('old');
    spared.spare('heard of');
    for (let other = 0; other < 998; other += 1) spared.spare(`other ${other}`);
    spared.spare('heard of');
    spared.spare('one more');
    clock.advance(spareMsMax);
    assert.deepEqual([spared.spare('heard of'), spared.spare('old')], [false, true]);
  });
});
