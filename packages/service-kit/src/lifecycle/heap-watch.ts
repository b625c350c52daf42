/**
 * Collects once a third of the old generation may be garbage. Marking the heap at once, V8 looks at all
 * of it when payloads have passed, and hardly ever for what outlived the young generation: where no
 * payloads pass, that would gather. docs/decisions/0007-garbage-collection.md tells more.
 */
import { assert } from '@holdfast/domain';
import { getHeapSpaceStatistics } from 'node:v8';
import type { Logger } from '../logging/logger.js';

const lookEveryMs = 1_000;
const garbageBytesMin = 12 * 1_024 * 1_024;
/** It rests for so many times as long as a collection took. */
const restsPerCollection = 20;
/** Of what is new, and of what V8 never collects. */
const otherSpaces: ReadonlySet<string> = new Set([
  'new_space',
  'new_large_object_space',
  'read_only_space',
]);

export interface HeapWatchDependencies {
  readonly collect: () => void;
  /** What the old generation holds, garbage and all. */
  readonly oldBytes: () => number;
  readonly nowMs: () => number;
}

/** Looks every now and then. Does nothing but warn where the flags of Node.js leave it no means. */
export function watchHeap(logger: Logger): void {
  const { gc } = globalThis;
  if (gc !== undefined) {
    const collect = (): void => gc();
    const look = createHeapWatch({ collect, oldBytes, nowMs: () => performance.now() });
    setInterval(look, lookEveryMs).unref();
  } else if (process.execArgv.includes('--no-incremental-marking')) {
    logger.warn({}, 'memory may grow without need: --no-incremental-marking needs --expose-gc');
  }
}

/** Answers the function that looks, and collects if need be. */
export function createHeapWatch(dependencies: HeapWatchDependencies): () => void {
  const { collect, nowMs } = dependencies;
  let aliveBytes = dependencies.oldBytes();
  let restsUntilMs = 0;

  return () => {
    const bytes = dependencies.oldBytes();
    const begunMs = nowMs();
    const isDue = bytes - aliveBytes > Math.max(garbageBytesMin, aliveBytes / 2);
    if (isDue && begunMs >= restsUntilMs) {
      collect();
      const endedMs = nowMs();
      restsUntilMs = endedMs + (endedMs - begunMs) * restsPerCollection;
      aliveBytes = dependencies.oldBytes();
    } else {
      // V8 may have looked meanwhile.
      aliveBytes = Math.min(aliveBytes, bytes);
    }
  };
}

export function oldBytes(): number {
  const spaces = getHeapSpaceStatistics();
  assert(
    spaces.some(({ space_name: name }) => name === 'old_space'),
    'V8 has an old generation',
  );
  return spaces
    .filter(({ space_name: name }) => !otherSpaces.has(name))
    .reduce((sum, { space_used_size: bytes }) => sum + bytes, 0);
}
