/**
 * How a run spends the time of a lease between two notes: they are less than all of it together, so that
 * the second one comes in time.
 */
export const leaseShares = {
  /** What a step is asked to take at most. */
  step: 1 / 3,
  /** Without a renewal, where a step takes longer than it was asked to. */
  renewal: 1 / 4,
  /** A pause without a note. Longer ones have notes in between. */
  pause: 1 / 4,
  /** Waiting for a ledger that cannot be reached. */
  outage: 2 / 5,
} as const;
