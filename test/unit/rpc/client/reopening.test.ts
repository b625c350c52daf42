import assert from 'node:assert/strict';
import { createReopening } from '../../../../packages/rpc/src/client/reopening.js';

describe('waits between attempts to open a stream', () => {
  it('grow from 100 milliseconds to 5 seconds, and begin anew after a success', () => {
    const reopening = createReopening();
    assert(reopening.waitMs(0) <= 0);
    for (const longest of [100, 200, 400, 800, 1_600, 3_200, 5_000, 5_000]) {
      reopening.failed(1_000);
      const wait = reopening.waitMs(1_000);
      assert(wait >= longest / 2 && wait <= longest, `${wait} of ${longest}`);
    }
    reopening.succeeded();
    assert(reopening.waitMs(1_000) <= 0);
    reopening.failed(0);
    assert(reopening.waitMs(0) <= 100);
  });

  it('are not shorter than the server asks for, within reason', () => {
    const reopening = createReopening();
    reopening.failed(0, 2_000);
    assert.equal(reopening.waitMs(0), 2_000);
    reopening.failed(0, 3_600_000);
    assert.equal(reopening.waitMs(0), 5_000);
  });

  it('do not become longer when the clock steps back', () => {
    const reopening = createReopening();
    reopening.failed(7_200_000);
    assert.equal(reopening.waitMs(3_600_000), 5_000);
  });
});
