import { setTimeout as pause } from 'node:timers/promises';

const pollMs = 25;
const waitMsMaxDefault = 30_000;

/**
 * Waits until something is so that can only be looked at, and fails with what was seen last. What
 * throws is not so yet.
 */
export async function waitUntil<T>(
  what: string,
  look: () => T | Promise<T>,
  isSo: (seen: T) => boolean,
  msMax: number = waitMsMaxDefault,
): Promise<T> {
  const until = performance.now() + msMax;
  for (;;) {
    const seen = await attempt(look);
    if (seen.kind === 'seen' && isSo(seen.value)) return seen.value;
    if (performance.now() > until) {
      const last = seen.kind === 'seen' ? JSON.stringify(seen.value) : String(seen.error);
      throw new Error(`not within ${msMax} ms: ${what}; last seen: ${last?.slice(0, 2_000)}`);
    }
    await pause(pollMs);
  }
}

type Seen<T> =
  | { readonly kind: 'seen'; readonly value: T }
  | { readonly kind: 'failed'; readonly error: unknown };

async function attempt<T>(look: () => T | Promise<T>): Promise<Seen<T>> {
  try {
    return { kind: 'seen', value: await look() };
  } catch (error) {
    return { kind: 'failed', error };
  }
}
