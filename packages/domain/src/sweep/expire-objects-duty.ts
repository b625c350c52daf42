import { pageSizeMax, sweepStepMax } from '../limits.js';
import type { SweptStore } from '../ports/swept-store.js';
import type { SweepDuty } from './sweep-duty.js';
import { foundByUsecase } from './sweep-found.js';

/**
 * Removes what is left of expired objects. One step is one call: the store looks at some rows, and
 * removes those whose time has come by its clock. What could not be read or not be removed stays, and
 * is tried again the next time round.
 */
export function createExpireObjectsDuty({ store }: { readonly store: SweptStore }): SweepDuty {
  return {
    begin: async () => {},

    async step({ dryRun }, cursor, room, signal) {
      // What rows hold is known when they are gone. So pages are small where bytes are limited.
      const rowsMax = Number.isFinite(room.bytes) ? sweepStepMax : pageSizeMax;
      const pageSize = Math.min(room.entries, rowsMax);
      const page = { pageSize, cursor, timeMsMax: room.ms, dryRun };
      const { counts, undecided, next } = await store.expireObjects(page, signal);
      const found = foundByUsecase(counts, undecided);
      return { found, damage: [], undecidedEntries: undecided, next };
    },
  };
}
