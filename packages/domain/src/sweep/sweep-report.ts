import type { Timestamp } from '../timestamp.js';
import type { SweepFindings } from './sweep-findings.js';
import type { SweepRequest, SweepRunId } from './sweep-request.js';

/** A run: under way; ended by itself, at the end or at a limit; cancelled; or ended by an error. */
export type SweepState = 'running' | 'ended' | 'cancelled' | 'failed';

export interface SweepError {
  /** Machine-readable, as `DomainError.code` is; `INTERNAL` for what has none. */
  readonly reason: string;
  readonly message: string;
}

/** What a run did, or has done so far while it is `running`. */
export interface SweepReport {
  readonly runId: SweepRunId;
  readonly request: SweepRequest;
  readonly state: SweepState;
  readonly timeStarted: Timestamp;
  readonly elapsedMs: number;
  readonly findings: SweepFindings;
  /** A limit ended it before the end of what there was to look at. */
  readonly truncated: boolean;
  /** Where it goes on: absent at the beginning and at the end. Means something to its duty only. */
  readonly cursor?: string | undefined;
  /** Only when it `failed`. */
  readonly error?: SweepError | undefined;
}
