import { createManualClock } from '@holdfast/testkit';
import assert from 'node:assert/strict';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { limitChanges } from '../../../packages/queue-bullmq/src/limit-changes.js';

const windowMs = 60_000;

function listen() {
  const clock = createManualClock();
  const told: string[] = [];
  const changes = limitChanges(
    {
      connected: () => void told.push('connected'),
      disconnected: (cause) => void told.push(`disconnected: ${String(cause)}`),
      failed: () => undefined,
    },
    clock,
  );
  return { clock, told, changes };
}

describe('Changes of a connection', () => {
  it('are told at once', () => {
    const { told, changes } = listen();
    changes.connected();
    changes.disconnected('why');
    changes.connected();
    assert.deepEqual(told, ['connected', 'disconnected: why', 'connected']);
  });

  it('are not told for ever when it comes and goes, but what has become of it is', async () => {
    const { clock, told, changes } = listen();
    for (let time = 0; time < 100; time += 1) {
      changes.connected();
      changes.disconnected(time);
    }
    const few = told.length;
    assert.ok(few < 10, told.join());
    changes.connected();
    assert.equal(told.length, few);
    clock.advance(windowMs);
    await nextTurn();
    assert.deepEqual(told.slice(few), ['connected']);
    changes.disconnected('later');
    assert.equal(told.at(-1), 'disconnected: later');
  });

  it('are not told after the end', async () => {
    const { clock, told, changes } = listen();
    changes.connected();
    changes.stop();
    changes.disconnected('on purpose');
    clock.advance(windowMs);
    await nextTurn();
    assert.deepEqual(told, ['connected']);
    assert.equal(clock.sleepers(), 0);
  });
});
