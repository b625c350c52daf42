import type { Settings } from './cluster-service.js';

/** Replaced blobs go at once, so that tests need not wait until nothing is left of them. */
export const withoutReaderGrace: Settings = { HOLDFAST_ENGINE__READER_GRACE_MS: '0' };

/** What a crash left unfinished is taken up soon. */
export const withSoonRecovery: Settings = {
  ...withoutReaderGrace,
  HOLDFAST_ENGINE__CHANGE_DEADLINE_MS: '3000',
  HOLDFAST_MAINTENANCE__RECOVER_EVERY_MS: '1000',
};

/** A stream stalls after so little that a test can wait for it. */
export function stallingAfter(ms: number): Settings {
  return { HOLDFAST_LIMITS__STALL_MS_MAX: String(ms) };
}

export function drainingFor(ms: number): Settings {
  return { HOLDFAST_SHUTDOWN__DRAIN_MS: String(ms) };
}

/** All that a log can say is said. */
export const talkative: Settings = { HOLDFAST_LOG__LEVEL: 'debug', HOLDFAST_LOG__FORMAT: 'json' };
