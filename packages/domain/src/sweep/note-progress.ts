import type { Clock } from '../ports/clock.js';
import type { SweepLease, SweepNoted } from '../ports/sweep-ledger.js';
import type { PatientLedger } from './patient-ledger.js';
import type { SweepReport } from './sweep-report.js';

/** Notes how far a run is, or only renews its lease. */
export type NoteProgress = (report: SweepReport) => Promise<SweepNoted>;

interface NoteProgressDependencies {
  readonly ledger: PatientLedger;
  readonly lease: SweepLease;
  readonly clock: Clock;
}

/**
 * A report can be a third of a megabyte, and steps can be short: it is noted at once, and then not again
 * within `everyMs`. Place and counts are in it together, so whoever takes the run over repeats all steps
 * since then and counts no page twice.
 */
export function createNoteProgress(
  everyMs: number,
  { ledger, lease, clock }: NoteProgressDependencies,
): NoteProgress {
  let notedAt: number | undefined;

  return async (report) => {
    const now = clock.now();
    // Also when the clock was put back.
    const isFresh = notedAt !== undefined && Math.abs(now - notedAt) < everyMs;
    if (isFresh) return ledger.renew(lease);
    const noted = await ledger.note(lease, report);
    notedAt = now;
    return noted;
  };
}
