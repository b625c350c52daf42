import type { SweepKind, SweepLedger, SweepReport, SweepRun } from '@holdfast/domain';

/** A page of long reports has fewer. */
const pageSize = 100;
/** Together they hold all runs of a kind that are remembered. */
const pagesMax = 50;

type Ledger = Pick<SweepLedger, 'running' | 'listReports'>;

/**
 * The run of the kind that was under way and that nobody goes on with: its sweeper died, and its job came
 * back as that of a new run, or was lost with the queue. Without this it would look like one under way
 * until it is forgotten, and what it had counted would be in no report.
 */
export async function abandonedRun(ledger: Ledger, kind: SweepKind): Promise<SweepRun | undefined> {
  if ((await ledger.running(kind)) !== undefined) return undefined;
  const abandoned = await findRunning(ledger, kind);
  if (abandoned === undefined) return undefined;
  // Somebody may have gone on with it meanwhile.
  if ((await ledger.running(kind)) !== undefined) return undefined;
  const { runId, request, timeStarted } = abandoned;
  return { runId, request, timeStarted };
}

/** The newest one that says so. Clocks differ: it need not be the newest of all. */
async function findRunning(ledger: Ledger, kind: SweepKind): Promise<SweepReport | undefined> {
  let cursor: string | undefined;
  for (let page = 0; page < pagesMax; page += 1) {
    const { reports, next } = await ledger.listReports(kind, cursor, pageSize);
    const running = reports.find(({ state }) => state === 'running');
    if (running !== undefined || next === undefined) return running;
    cursor = next;
  }
  return undefined;
}
