import type { FreedBlob, SweepReach } from '@holdfast/domain';
import { setImmediate as nextTurn } from 'node:timers/promises';
import type { DutyReport } from './duty-report.js';

/** What the engine's sweeps have in common. */
export interface Swept<Cursor> extends SweepReach<Cursor> {
  readonly freed?: readonly FreedBlob[];
  readonly failed: readonly { readonly cause: unknown }[];
  readonly undecided: readonly unknown[];
}

/** One part of a sweep: what the engine says of it. */
export type SweepPart<Cursor> = (
  after: Cursor | undefined,
  signal: AbortSignal,
) => Promise<{
  readonly swept: Swept<Cursor>;
  /** Entries that it was done with. */
  readonly removed: number;
  /** Entries that were put on the queue. */
  readonly offered?: number;
}>;

/**
 * A duty that goes through everything there is, part by part, at most `partsMax` of them in one run.
 * One that is cut short goes on there in its next run. Between parts everybody else has a turn: the
 * tiers of one machine answer at once, and would not let go of the process by themselves.
 */
export function sweepAll<Cursor>(
  part: SweepPart<Cursor>,
  report: DutyReport,
  partsMax = Infinity,
): (signal: AbortSignal) => Promise<void> {
  let after: Cursor | undefined;
  return async (signal) => {
    let parts = 0;
    try {
      do {
        const { swept, removed, offered = 0 } = await part(after, signal);
        const { failed, undecided, freed = [] } = swept;
        const freedBytes = freed.reduce((bytes, { size }) => bytes + size, 0);
        report.add({ removed, offered, freedBytes, failed, undecided: undecided.length });
        after = swept.next;
        parts += 1;
        await nextTurn();
      } while (after !== undefined && parts < partsMax && !signal.aborted);
    } finally {
      report.end();
    }
  };
}
