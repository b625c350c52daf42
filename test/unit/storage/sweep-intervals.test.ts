import { sweepKinds } from '@holdfast/domain';
import assert from 'node:assert/strict';
import { sweepEveryMs } from '../../../packages/storage/src/bootstrap/queues.js';
import { readSettings } from '../../../services/sweeper/src/config.js';
import { scheduleOf } from '../../../services/sweeper/src/sweeping/duty-settings.js';

describe('The schedules that are bootstrapped', () => {
  it('begin with the intervals that a sweeper has by default', () => {
    const { duties } = readSettings([], { HOLDFAST_QUEUE__URL: 'redis://127.0.0.1:1' });
    const defaults = sweepKinds.map((kind) => [kind, scheduleOf(duties, kind).everyMs] as const);
    assert.deepEqual(sweepEveryMs, Object.fromEntries(defaults));
  });
});
