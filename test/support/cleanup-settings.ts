import { withoutReaderGrace } from './cluster-settings.js';
import type { Settings } from './cluster-service.js';

/** A worker whose pauses are so short that tests need not wait for them. */
export const hastyWorker: Settings = {
  HOLDFAST_CLEANING__BACKOFF_MS: '20',
  HOLDFAST_CLEANING__BACKOFF_MS_MAX: '100',
  HOLDFAST_CLEANING__CLAIM_MS: '2000',
  HOLDFAST_CLEANING__SETTLES_PER_SECOND_MAX: '0',
  HOLDFAST_BREAKER__OPEN_MS: '50',
  HOLDFAST_BREAKER__OPEN_MS_MAX: '200',
};

/** What cannot be cleaned is given up soon. */
export function givingUpAfter(attempts: number): Settings {
  return { ...hastyWorker, HOLDFAST_CLEANING__ATTEMPTS_MAX: String(attempts) };
}

/**
 * Changes whose jobs are lost are offered again soon. Their writers have longer than any of the tests
 * makes them wait.
 */
export const withSoonOffers: Settings = {
  ...withoutReaderGrace,
  HOLDFAST_ENGINE__CHANGE_DEADLINE_MS: '5000',
  HOLDFAST_MAINTENANCE__RECOVER_EVERY_MS: '1000',
};
