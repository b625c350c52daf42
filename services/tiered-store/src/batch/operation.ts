import type { RawOperation } from '@holdfast/rpc';
import type { Lease } from '@holdfast/service-kit';

/** A message whose operations are under way. Its bytes count against the budget until the last is done. */
export interface HeldMessage {
  /** Of the message's bytes, and of what was set aside for the results. */
  readonly lease: Lease;
  readonly timeArrived: number;
  /** Operations that still run, and results that have not been sent. */
  open: number;
}

/** One operation from its arrival until it has ended. */
export interface Operation {
  readonly index: number;
  readonly kind: RawOperation['kind'];
  readonly bytes: Uint8Array;
  /** Then it is answered DEADLINE_EXCEEDED, whether it has begun or not. */
  readonly timeDue: number;
  readonly held: HeldMessage;
  isRunning: boolean;
  /** What comes of it later is dropped. */
  isAnswered: boolean;
}
