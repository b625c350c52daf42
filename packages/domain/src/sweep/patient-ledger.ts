import { hasCode } from '../errors.js';
import type { Clock } from '../ports/clock.js';
import type {
  SweepBegun,
  SweepLease,
  SweepLedger,
  SweepNoted,
  SweepRun,
} from '../ports/sweep-ledger.js';
import { leaseShares } from './lease-shares.js';
import type { SweepReport } from './sweep-report.js';

/** A ledger that cannot be reached is asked again so many times in all. */
const attemptsMax = 5;
/** What is left of a lease that is not needed any more. */
const leavingMs = 1;

/** The ledger for one run, which bears that it is out of reach for a part of the lease's time. */
export interface PatientLedger {
  begin(run: SweepRun): Promise<SweepBegun>;
  note(lease: SweepLease, report: SweepReport): Promise<SweepNoted>;
  renew(lease: SweepLease): Promise<SweepNoted>;
  /** Answers the report that the run ended with; `undefined` when it is not for us to end it. */
  end(lease: SweepLease, report: SweepReport): Promise<SweepReport | undefined>;
  /** Notes how far the run is, and lets the lease lapse at once. */
  leave(lease: SweepLease, report: SweepReport): Promise<void>;
}

interface PatientLedgerDependencies {
  readonly ledger: SweepLedger;
  readonly clock: Clock;
  /** There is no time left to wait. */
  readonly signal: AbortSignal;
}

export function createPatientLedger(
  leaseMs: number,
  { ledger, clock, signal }: PatientLedgerDependencies,
): PatientLedger {
  const waitMs = Math.floor((leaseMs * leaseShares.outage) / (attemptsMax - 1));

  async function patiently<Answer>(ask: () => Promise<Answer>): Promise<Answer> {
    for (let attempt = 1; ; attempt += 1) {
      try {
        return await ask();
      } catch (error) {
        if (!hasCode(error, 'TIER_UNAVAILABLE') || attempt === attemptsMax) throw error;
        await clock.sleep(waitMs, signal);
      }
    }
  }

  return {
    begin: (run) => patiently(() => ledger.begin(run, leaseMs)),
    note: (lease, report) => patiently(() => ledger.note(lease, report, leaseMs)),
    renew: (lease) => patiently(() => ledger.renew(lease, leaseMs)),
    async end(lease, report) {
      if ((await patiently(() => ledger.end(lease, report))) === 'ended') return report;
      // The answer to an earlier attempt may have been lost, and that one may have ended it.
      const noted = await patiently(() => ledger.report(lease.runId));
      return noted?.state === 'running' ? undefined : noted;
    },
    async leave(lease, report) {
      try {
        await ledger.note(lease, report, leavingMs);
      } catch (error) {
        // Then it lapses by itself, and what was not noted is done twice.
        if (!hasCode(error, 'TIER_UNAVAILABLE')) throw error;
      }
    },
  };
}
