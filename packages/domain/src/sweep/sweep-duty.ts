import type { UndecidedEntry } from '../ports/long-term-tier.js';
import type { SweepRoom } from './sweep-budget.js';
import type { SweepCounts, SweepDamage } from './sweep-findings.js';
import type { SweepRequest } from './sweep-request.js';

/** What one kind of sweep does. Holds nothing from step to step: any process can go on with a run. */
export interface SweepDuty {
  /** What has to hold before the first step; rejects with a `DomainError` if it does not. */
  begin(request: SweepRequest, signal: AbortSignal): Promise<void>;

  /**
   * Looks at what comes after `cursor`, at no more than there is room for. Only of bytes it may be more:
   * by one blob where their sizes are known before, else by what one small page holds. May be
   * repeated: what an earlier try has done is found done. A step that rejects has perhaps done a part.
   */
  step(
    request: SweepRequest,
    cursor: string | undefined,
    room: SweepRoom,
    signal: AbortSignal,
  ): Promise<SweepStepOutcome>;
}

/** What a step found out about entries of one usecase, or of none. */
export interface SweepFound extends Partial<SweepCounts> {
  readonly usecase?: string | undefined;
}

export interface SweepStepOutcome {
  /** A usecase may be there several times. */
  readonly found: readonly SweepFound[];
  /** Besides what was found by usecase: bytes that were read for all of it. */
  readonly readBytes?: number | undefined;
  readonly damage: readonly SweepDamage[];
  /** Kept, and among what was found. */
  readonly undecidedEntries: readonly UndecidedEntry[];
  /** Where the next step begins; absent at the end. */
  readonly next?: string | undefined;
  /** There was no room for all of the page. `next` is where it begins: it is looked at once more. */
  readonly isCut?: true;
}
