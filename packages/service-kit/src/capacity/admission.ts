/** A single operation that somebody waits for, or one of many that were sent together. */
export type OperationKind = 'single' | 'bulk';

export interface AdmissionOptions {
  /** Permits in all. */
  readonly inFlightMax: number;
  /** How many may wait for a permit; of these, bulk operations at most their share. */
  readonly queueMax: number;
  readonly waitMsMax: number;
  /** The part of the permits that bulk operations may hold, above 0 and at most 1. */
  readonly bulkShare: number;
}

export interface AdmissionLimits extends AdmissionOptions {
  readonly bulkInFlightMax: number;
  readonly bulkQueueMax: number;
}

/** Leave to run one operation. */
export interface Permit {
  /** Hands it to the next in line. Releasing twice is the same as once. */
  release(): void;
}

/** Bounds how much runs at once and how much may wait for it. */
export interface Admission {
  /**
   * A permit at once if there is one, else a promise of one: first come, first served. Rejects with
   * `AtCapacityError` when the queue is full or the wait was too long, and with the reason of `signal`
   * when that aborts.
   */
  acquire(kind: OperationKind, signal?: AbortSignal): Permit | Promise<Permit>;
  /** A permit if there is one now. */
  tryAcquire(kind: OperationKind): Permit | undefined;
  inFlight(kind?: OperationKind): number;
  queued(kind?: OperationKind): number;
  readonly limits: AdmissionLimits;
}

/** There is no room now, nor will there be soon. Nothing was done. */
export class AtCapacityError extends Error {
  override readonly name = 'AtCapacityError';
  /** After this time the queue of now will have been served or refused. */
  readonly retryAfterMs: number;

  constructor(retryAfterMs: number) {
    super('too many operations are running and waiting');
    this.retryAfterMs = retryAfterMs;
  }
}
