/** One holder of bytes, such as a call: what it holds it gives back piece by piece, or by closing. */
export interface Lease {
  /**
   * Asks for more bytes: `undefined` when they were granted at once, else a promise that resolves when
   * they are, first come, first served. Rejects with the reason of `signal` when that aborts, and when
   * the lease is closed meanwhile. One at a time.
   */
  grow(bytes: number, signal?: AbortSignal): Promise<void> | undefined;
  shrink(bytes: number): void;
  /** Gives back all it holds. Closing twice is the same as once. */
  close(): void;
}

/** Bounds the payload bytes held in the process. It refuses nobody: who asks for too much waits. */
export interface ByteBudget {
  open(): Lease;
  used(): number;
  /** How many leases wait. */
  waiting(): number;
  readonly bytesMax: number;
}
