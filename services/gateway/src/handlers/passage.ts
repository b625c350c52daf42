import type { Lease } from '@holdfast/service-kit';

/** Counts the messages of one stream that pass through: those that may not be taken yet are held. */
export interface Passage {
  /** Room for a message; `undefined` when there is room at once. */
  take(bytes: number, signal?: AbortSignal): Promise<void> | undefined;
  /** A message of so many bytes, which the lease holds, was written: the one before it is taken. */
  written(bytes: number): void;
}

export function createPassage(lease: Lease): Passage {
  let untaken = 0;
  return {
    take: (bytes, signal) => lease.grow(bytes, signal),
    written(bytes) {
      lease.shrink(untaken);
      untaken = bytes;
    },
  };
}
