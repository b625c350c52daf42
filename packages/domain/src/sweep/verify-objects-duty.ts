import { pageSizeMax, verifiedBytesDefault, verifiedBytesMin } from '../limits.js';
import type { SweptStore } from '../ports/swept-store.js';
import type { SweepDuty } from './sweep-duty.js';
import { foundByUsecase } from './sweep-found.js';

/**
 * Reads payloads and compares them with what was written. One step is one call, which may end within
 * a payload. A run begins where the last one ended, and behind the last object at the first: so the
 * longest unverified come first. Damage is told and kept.
 */
export function createVerifyObjectsDuty({ store }: { readonly store: SweptStore }): SweepDuty {
  return {
    begin: async () => {},

    async step(_, cursor, room, signal) {
      const pageSize = Math.min(room.entries, pageSizeMax);
      const bytesMax = Math.max(verifiedBytesMin, Math.min(room.bytes, verifiedBytesDefault));
      const page = { pageSize, cursor, timeMsMax: room.ms, bytesMax };
      const verified = await store.verifyObjects(page, signal);
      const { counts, undecided, damage, next } = verified;
      const found = foundByUsecase(counts, undecided);
      const readBytes = verified.verifiedBytes;
      return { found, readBytes, damage, undecidedEntries: undecided, next };
    },
  };
}
