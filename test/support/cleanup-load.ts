import type { Load } from './cluster-load.js';
import { waitUntil } from './cluster-wait.js';

/** Waits until so many more writes have been answered OK. */
export async function moreWrites(load: Load, count: number): Promise<void> {
  const wanted = load.acknowledged() + count;
  await waitUntil(`${wanted} writes are acknowledged`, load.acknowledged, (so) => so >= wanted);
}
