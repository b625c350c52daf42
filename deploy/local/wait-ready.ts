import { setTimeout as pause } from 'node:timers/promises';

/** Whether it is ready now. Never rejects. */
export type IsReady = (signal: AbortSignal) => Promise<boolean>;

const pollMs = 50;
const answerMsMax = 1_000;

/** Whether it is ready before the signal aborts. */
export async function waitReady(isReady: IsReady, signal: AbortSignal): Promise<boolean> {
  while (!signal.aborted) {
    if (await isReady(signal)) return true;
    await pause(pollMs, undefined, { signal }).catch(() => undefined);
  }
  return false;
}

/** Whether a service says so itself at this address. */
export function readyAt(url: string): IsReady {
  return async (signal) => {
    try {
      const limit = AbortSignal.any([signal, AbortSignal.timeout(answerMsMax)]);
      const answer = await fetch(url, { signal: limit });
      await answer.arrayBuffer();
      return answer.ok;
    } catch {
      // Nothing listens there yet.
      return false;
    }
  };
}
