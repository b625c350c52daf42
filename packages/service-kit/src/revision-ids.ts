import { formatRevision, type Clock, type Ids, type Timestamp } from '@holdfast/domain';
import { randomFillSync } from 'node:crypto';

const idsPerMsMax = 4096;
const randomBytes = 8;
// One call into the random source serves this many ids.
const pooledIds = 512;

/**
 * UUIDv7s that ascend within this process, also when the clock steps back: then the latest time
 * seen goes on counting.
 */
export function createRevisionIds(clock: Clock): Ids {
  const pool = new Uint8Array(pooledIds * randomBytes);
  let pooledAt = pool.length;
  let time = 0;
  let counter = 0;

  function nextRandom(): Uint8Array {
    if (pooledAt === pool.length) {
      randomFillSync(pool);
      pooledAt = 0;
    }
    pooledAt += randomBytes;
    return pool.subarray(pooledAt - randomBytes, pooledAt);
  }

  function advance(): void {
    const now = clock.now();
    if (now > time) {
      time = now;
      counter = 0;
    } else {
      counter += 1;
      if (counter < idsPerMsMax) return;
      time += 1;
      counter = 0;
    }
  }

  return {
    revision() {
      advance();
      return formatRevision(time as Timestamp, counter, nextRandom());
    },
  };
}
