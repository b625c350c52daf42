import { isTimestamp } from '@holdfast/domain';
import { systemClock } from '@holdfast/service-kit';
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { getEventListeners } from 'node:events';
import { sourceFlags } from '../../support/child-process.js';

// Longer than any test may take: who waits for it fails.
const foreverMs = 3_600_000;

describe('the system clock', () => {
  it('tells the time in whole milliseconds', () => {
    const before = Date.now();
    const now = systemClock.now();
    assert.ok(isTimestamp(now));
    assert.ok(now >= before && now <= Date.now());
  });

  it('wakes a sleeper after its time', async () => {
    const before = performance.now();
    await systemClock.sleep(20);
    // Timers may fire a fraction of a millisecond early.
    assert.ok(performance.now() - before >= 19);
  });

  it('wakes a sleeper at once when its signal aborts', async () => {
    const controller = new AbortController();
    const sleeping = systemClock.sleep(foreverMs, controller.signal);
    controller.abort();
    await sleeping;
  });

  it('does not let anybody sleep whose signal has aborted', async () => {
    await systemClock.sleep(foreverMs, AbortSignal.abort());
  });

  it('leaves nothing on a signal that outlives the sleep', async () => {
    const { signal } = new AbortController();
    await Promise.all([systemClock.sleep(0, signal), systemClock.sleep(1, signal)]);
    assert.equal(getEventListeners(signal, 'abort').length, 0);
  });

  it('goes on sleeping when the time is longer than a timer can be', async () => {
    const controller = new AbortController();
    let woke = false;
    const sleeping = systemClock.sleep(2 ** 31 + 1_000, controller.signal).then(() => {
      woke = true;
    });
    await systemClock.sleep(20);
    assert.equal(woke, false);
    controller.abort();
    await sleeping;
  });

  it('does not keep a process alive', () => {
    const script = `import('@holdfast/service-kit').then(({ systemClock }) => systemClock.sleep(3600000))`;
    const args = [...sourceFlags, '--eval', script];
    const { status, signal } = spawnSync(process.execPath, args, { timeout: 30_000 });
    // It ends by itself. 13 is how Node.js says that a top-level promise was still waiting.
    assert.equal(signal, null);
    assert.ok(status === 0 || status === 13, `status ${status}`);
  });
});
