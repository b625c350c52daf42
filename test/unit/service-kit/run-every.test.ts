import { createMetrics, runEvery, systemClock, type DutyOptions } from '@holdfast/service-kit';
import { createManualClock } from '@holdfast/testkit';
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { recordingLogger } from './recording-logger.js';

const hourly = { name: 'sweep', everyMs: 3_600_000, jitter: 0, runMsMax: 60_000 };

describe('a background duty', () => {
  it('runs after each pause, and not before', async () => {
    const { clock, runs, loop } = begin();
    for (let count = 1; count <= 3; count += 1) {
      await until(() => clock.sleepers() === 1);
      clock.advance(3_599_999);
      assert.equal(runs.length, count - 1);
      clock.advance(1);
      await until(() => runs.length === count);
    }
    await loop.stop();
  });

  it('runs at the start if it has to', async () => {
    const { runs, loop } = begin({ atStart: true });
    await until(() => runs.length === 1);
    await loop.stop();
  });

  it('varies its pauses by the part of them that it may', async () => {
    const pauses: number[] = [];
    const clock = {
      ...createManualClock(),
      sleep: (ms: number) => {
        pauses.push(ms);
        return Promise.resolve();
      },
    };
    const randoms = [0, 0.5, 0.999_999];
    const stopAfter: Promise<unknown>[] = [];
    const loop = runEvery(
      { ...hourly, everyMs: 1_000, jitter: 0.2 },
      () => {
        if (pauses.length === 3) stopAfter.push(loop.stop());
        return Promise.resolve();
      },
      { clock, logger: recordingLogger().logger, random: () => randoms[pauses.length % 3] ?? 0 },
    );
    await until(() => stopAfter.length > 0);
    await Promise.all(stopAfter);
    assert.deepEqual(pauses.slice(0, 3).map(Math.round), [800, 1_000, 1_200]);
  });

  it('logs a run that fails, and runs again', async () => {
    const { logger, lines } = recordingLogger();
    let runs = 0;
    const clock = createManualClock();
    const loop = runEvery(
      { ...hourly, atStart: true },
      async () => {
        runs += 1;
        await Promise.reject(new Error('no disk'));
      },
      { clock, logger },
    );
    await until(() => clock.sleepers() === 1);
    clock.advance(hourly.everyMs);
    await until(() => runs === 2);
    await loop.stop();
    assert.match(JSON.stringify(lines()), /a background duty failed.*no disk/);
  });

  it('aborts a run that takes too long', async () => {
    const reasons: unknown[] = [];
    const { loop } = begin({ atStart: true, runMsMax: 5 }, async (signal) => {
      await once(signal, 'abort');
      reasons.push(signal.reason);
    });
    await until(() => reasons.length === 1);
    assert.match(String(reasons[0]), /over 5 ms/);
    await loop.stop();
  });

  it('aborts the run in progress when it is stopped, and waits for its end', async () => {
    let ended = false;
    let began = false;
    const { loop, runs } = begin({ atStart: true }, async (signal) => {
      began = true;
      await once(signal, 'abort');
      await systemClock.sleep(5);
      ended = true;
    });
    await until(() => began);
    await loop.stop();
    assert.equal(ended, true);
    assert.equal(runs.length, 1);
  });

  it('counts its runs and their seconds', async () => {
    const metrics = createMetrics({ service: 'test' });
    const clock = createManualClock();
    const dependencies = { clock, logger: recordingLogger().logger, metrics };
    const loop = runEvery({ ...hourly, atStart: true }, () => Promise.resolve(), dependencies);
    await until(() => clock.sleepers() === 1);
    await loop.stop();
    const text = await metrics.text();
    assert.match(text, /holdfast_duty_runs_total\{duty="sweep",outcome="done",service="test"\} 1/);
    assert.match(text, /holdfast_duty_run_seconds_count\{service="test",duty="sweep"\} 1/);
  });
});

function begin(
  options: Partial<DutyOptions> = {},
  task: (signal: AbortSignal) => Promise<void> = () => Promise.resolve(),
) {
  const clock = createManualClock();
  const runs: AbortSignal[] = [];
  const loop = runEvery(
    { ...hourly, ...options },
    (signal) => {
      runs.push(signal);
      return task(signal);
    },
    { clock, logger: recordingLogger().logger },
  );
  return { clock, runs, loop };
}

/** Waits for what is about to happen. Mocha's timeout is the end of its patience. */
async function until(isTrue: () => boolean): Promise<void> {
  while (!isTrue()) await new Promise((resolve) => setImmediate(resolve));
}
