import type { Clock, SweepReport } from '@holdfast/domain';
import type { SweepJobHands } from '@holdfast/queue-bullmq';

/** What the dashboard shows of a run: its numbers, without what is in the reports. */
export function summaryOf(report: SweepReport): object {
  const { runId, state, request, elapsedMs, findings, truncated } = report;
  const { counts, damaged, undecided } = findings;
  return {
    runId,
    state,
    dryRun: request.dryRun,
    elapsedMs,
    ...counts,
    damaged,
    undecided,
    truncated,
  };
}

const tellEveryMs = 1_000;

/** Shows how far a run is, now and then, while it is under way. Nobody waits for it. */
export function createTeller(
  tell: SweepJobHands['tell'],
  { clock }: { readonly clock: Clock },
): (report: SweepReport) => void {
  let toldAt: number | undefined;
  return (report) => {
    const now = clock.now();
    // Also when the clock was put back.
    if (toldAt !== undefined && Math.abs(now - toldAt) < tellEveryMs) return;
    toldAt = now;
    void tell(summaryOf(report));
  };
}
