import type { Clock, Timestamp } from '@holdfast/domain';
import { onAbort } from './abort-listeners.js';

/** The time of the machine. A call that waits keeps the process alive, as its answer would. */
export const systemClock: Clock = {
  now: () => Date.now() as Timestamp,
  sleep: (ms, signal) =>
    new Promise((resolve) => {
      if (signal?.aborted === true) {
        resolve();
        return;
      }
      const wake = (): void => {
        clearTimeout(timer);
        release();
        resolve();
      };
      const timer = setTimeout(wake, ms);
      const release = onAbort(signal, wake);
    }),
};
