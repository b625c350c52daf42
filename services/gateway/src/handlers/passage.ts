import type { Lease } from '@holdfast/service-kit';

/** Counts the messages of one stream that pass through: of those taken, the last two are held. */
export interface Passage {
  /** `undefined` when there is room at once. */
  take(bytes: number, signal?: AbortSignal): Promise<void> | undefined;
}

export function createPassage(lease: Lease): Passage {
  let previous = 0;
  let beforePrevious = 0;
  return {
    take(bytes, signal) {
      lease.shrink(beforePrevious);
      beforePrevious = previous;
      previous = 0;
      const room = lease.grow(bytes, signal);
      if (room === undefined) previous = bytes;
      return room?.then(() => {
        previous = bytes;
      });
    },
  };
}
