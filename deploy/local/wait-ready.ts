import { setTimeout as pause } from 'node:timers/promises';

const pollMs = 50;
const answerMsMax = 1_000;

/** Whether it is ready before the signal aborts. */
export async function waitReady(url: string, signal: AbortSignal): Promise<boolean> {
  while (!signal.aborted) {
    if (await isReady(url, signal)) return true;
    await pause(pollMs, undefined, { signal }).catch(() => undefined);
  }
  return false;
}

async function isReady(url: string, signal: AbortSignal): Promise<boolean> {
  try {
    const limit = AbortSignal.any([signal, AbortSignal.timeout(answerMsMax)]);
    const answer = await fetch(url, { signal: limit });
    await answer.arrayBuffer();
    return answer.ok;
  } catch {
    // Nothing listens there yet.
    return false;
  }
}
