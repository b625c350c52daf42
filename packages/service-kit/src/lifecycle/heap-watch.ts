import { getHeapSpaceStatistics } from 'node:v8';

const lookMs = 1_000;
const garbageBytesMin = 12 * 1_024 * 1_024;

/**
 * Looks for garbage once the old generation may be a third of it. V8 that marks the heap at once does
 * so when payloads have passed, and hardly ever for what merely outlived the young generation: where
 * no payloads pass, that gathers. Only with `--expose-gc`; a V8 without our flags looks by itself.
 */
export function watchHeap(): void {
  const collect = globalThis.gc;
  if (collect === undefined) return;
  let aliveBytes = oldBytes();
  const look = (): void => {
    const bytes = oldBytes();
    if (bytes - aliveBytes > Math.max(garbageBytesMin, aliveBytes / 2)) {
      collect();
      aliveBytes = oldBytes();
    } else {
      // V8 may have looked meanwhile.
      aliveBytes = Math.min(aliveBytes, bytes);
    }
  };
  setInterval(look, lookMs).unref();
}

function oldBytes(): number {
  const old = getHeapSpaceStatistics().find(({ space_name: name }) => name === 'old_space');
  return old?.space_used_size ?? 0;
}
