import type { Clock, Timestamp } from '@holdfast/domain';

/** A longer timer would fire at once. */
const timerMsMax = 2 ** 31 - 1;

/** The time of the machine, and timers that do not keep a process alive. */
export const systemClock: Clock = {
  now: () => Date.now() as Timestamp,
  async sleep(ms, signal) {
    for (let left = ms; left > 0; left -= timerMsMax) {
      if (signal?.aborted === true) return;
      await wait(Math.min(left, timerMsMax), signal);
    }
  },
};

function wait(ms: number, signal: AbortSignal | undefined): Promise<void> {
  return new Promise((resolve) => {
    const wake = (): void => {
      clearTimeout(timer);
      signal?.removeEventListener('abort', wake);
      resolve();
    };
    const timer = setTimeout(wake, ms);
    timer.unref();
    signal?.addEventListener('abort', wake);
  });
}
