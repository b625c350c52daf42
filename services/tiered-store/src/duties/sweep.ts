import type { FreedBlob, SweepReach } from '@holdfast/domain';
import { setImmediate as nextTurn } from 'node:timers/promises';
import type { DutyReport } from './duty-report.js';

/** What the engine's sweeps have in common. */
export interface Swept<Cursor> extends SweepReach<Cursor> {
  readonly freed?: readonly FreedBlob[];
  readonly failed: readonly { readonly cause: unknown }[];
  readonly undecided: readonly unknown[];
}

/** One part of a sweep: what the engine says of it, and how many entries it was done with. */
export type SweepPart<Cursor> = (
  after: Cursor | undefined,
  signal: AbortSignal,
) => Promise<{ readonly swept: Swept<Cursor>; readonly removed: number }>;

/**
 * A duty that goes through everything there is, part by part. One that is cut short goes on there in
 * its next run. Between parts everybody else has a turn: the tiers of one machine answer at once, and
 * would not let go of the process by themselves.
 */
export function sweepAll<Cursor>(
  part: SweepPart<Cursor>,
  report: DutyReport,
): (signal: AbortSignal) => Promise<void> {
  let after: Cursor | undefined;
  return async (signal) => {
    try {
      do {
        const { swept, removed } = await part(after, signal);
        const { failed, undecided, freed = [] } = swept;
        const freedBytes = freed.reduce((bytes, { size }) => bytes + size, 0);
        report.add({ removed, freedBytes, failed, undecided: undecided.length });
        after = swept.next;
        await nextTurn();
      } while (after !== undefined && !signal.aborted);
    } finally {
      report.end();
    }
  };
}
