import { assert, formatRevision, type Clock, type Ids, type Timestamp } from '@holdfast/domain';

const seedMax = 0xff_ffff;
const idsPerMsMax = 4096;

/**
 * Ascending ids without randomness: the same seed and clock make the same ids, and instances of
 * different seeds never make the same one.
 */
export function createCountingIds(clock: Clock, seed = 0): Ids {
  assert(Number.isSafeInteger(seed) && seed >= 0 && seed <= seedMax, 'a seed has 24 bits');
  const random = new Uint8Array(8);
  const view = new DataView(random.buffer);
  // The first byte loses two bits to the UUID's variant, so it carries nothing.
  view.setUint32(0, seed);
  let time = 0;
  let inMs = 0;
  let made = 0;

  return {
    revision() {
      const now = clock.now();
      inMs = now > time ? 0 : inMs + 1;
      time = Math.max(now, time);
      if (inMs === idsPerMsMax) {
        time += 1;
        inMs = 0;
      }
      view.setUint32(4, made);
      made += 1;
      return formatRevision(time as Timestamp, inMs, random);
    },
  };
}
