import { createManualClock } from '@holdfast/testkit';
import assert from 'node:assert/strict';
import { limitReports } from '../../../packages/queue-bullmq/src/limit-reports.js';

describe('Reports of failures', () => {
  it('are not repeated for a while, of whichever job they are', () => {
    const clock = createManualClock();
    const said: string[] = [];
    const failed = limitReports(
      {
        connected: () => undefined,
        disconnected: () => undefined,
        failed: (what, cause) => said.push(`${what}: ${String(cause)}`),
      },
      clock,
    );
    for (let index = 0; index < 10; index += 1) {
      failed('a worker', new Error(`could not renew lock for job ${index}`));
      failed('a worker', 'something else');
    }
    assert.equal(said.length, 2);
    clock.advance(29_999);
    failed('a worker', 'something else');
    assert.equal(said.length, 2);
    clock.advance(1);
    failed('a worker', 'something else');
    assert.equal(said.length, 3);
    // Whoever sets the clock back is not silenced.
    clock.set(0 as ReturnType<typeof clock.now>);
    failed('a worker', 'something else');
    assert.equal(said.length, 4);
  });
});
