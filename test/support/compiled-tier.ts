import { compiled } from './compiled.js';

/** The tier with the threads of listings and removals: those run what is compiled, and nothing else. */
export async function importTier() {
  compiled(new URL('../../packages/tier-filesystem/src/index.ts', import.meta.url));
  return import('../../packages/tier-filesystem/dist/index.js');
}

/** These threads themselves. */
export async function importFileThreads() {
  compiled(new URL('../../packages/tier-filesystem/src/index.ts', import.meta.url));
  return import('../../packages/tier-filesystem/dist/file-threads.js');
}
