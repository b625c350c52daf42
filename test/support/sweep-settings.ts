import type { Settings } from './cluster-service.js';

/** The store's own duties stay out of it for as long as any test takes. */
export const storeWithoutDuties: Settings = {
  HOLDFAST_ENGINE__READER_GRACE_MS: '0',
  HOLDFAST_MAINTENANCE__RECOVER_EVERY_MS: '86400000',
  HOLDFAST_MAINTENANCE__EXPIRE_EVERY_MS: '86400000',
};

const duties = ['RECOVER_CHANGES', 'RECLAIM_ORPHANS', 'EXPIRE_OBJECTS', 'VERIFY_OBJECTS'];

function forEachDuty(setting: string, value: string): Settings {
  return Object.fromEntries(duties.map((duty) => [`HOLDFAST_DUTIES__${duty}__${setting}`, value]));
}

/** Runs nothing by itself; what is asked for runs as fast as it can. */
export const quietSweeper: Settings = {
  ...forEachDuty('ENABLED', 'false'),
  HOLDFAST_RUNS__BUSY_SHARE: '1',
};

/**
 * Runs nothing by itself; what is asked for pauses half a second between steps, so that a test can come
 * between them, and is taken over soon. A step that was slow is not paused after for longer than tests wait.
 */
export const slowSweeper: Settings = {
  ...quietSweeper,
  HOLDFAST_RUNS__BUSY_SHARE: '0.02',
  HOLDFAST_RUNS__LEASE_MS: '2000',
  HOLDFAST_RUNS__CLAIM_MS: '1000',
  HOLDFAST_TIERED_STORE__CALL_MS: '1000',
};

/** Every duty comes every second by itself. */
export const eagerSweeper: Settings = {
  ...forEachDuty('ENABLED', 'true'),
  ...forEachDuty('EVERY_MS', '1000'),
  ...forEachDuty('EVERY_MS_MAX', '1000'),
  HOLDFAST_DUTIES__RECLAIM_ORPHANS__AGE_MS_MIN: '0',
  HOLDFAST_RUNS__BUSY_SHARE: '1',
};

/** A process whose time of day is ahead by so much. */
export function aheadBy(ms: number): Settings {
  const shift = `const now = Date.now; Date.now = () => now() + ${ms};`;
  return { NODE_OPTIONS: `--import=data:text/javascript,${encodeURIComponent(shift)}` };
}

export const inTime: Settings = { NODE_OPTIONS: '' };
