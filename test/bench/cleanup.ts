import { benchOverwrites } from './cleanup-overwrites.js';
import { benchSettles } from './cleanup-settles.js';
import type { BenchResult } from './report.js';

/** Changes that are settled through the queue, and writes that put them there. */
export async function benchCleanup(): Promise<readonly BenchResult[]> {
  return [...(await benchSettles()), ...(await benchOverwrites())];
}
