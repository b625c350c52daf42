import { compiled } from './compiled.js';

/** The tier with the thread of its listings: that runs what is compiled, and nothing else. */
export async function importTier() {
  compiled(new URL('../../packages/tier-filesystem/src/index.ts', import.meta.url));
  return import('../../packages/tier-filesystem/dist/index.js');
}
