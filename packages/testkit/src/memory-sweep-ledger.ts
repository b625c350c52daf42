import {
  DomainError,
  invalid,
  isSweepRunId,
  later,
  limits,
  noFindings,
  type Clock,
  type SweepBegun,
  type SweepKind,
  type SweepLease,
  type SweepLedger,
  type SweepNoted,
  type SweepReport,
  type SweepReportPage,
  type SweepRun,
  type SweepRunId,
  type SweepState,
  type Timestamp,
} from '@holdfast/domain';

export interface MemorySweepLedgerOptions {
  /** Of each kind; the oldest go first. */
  readonly reportsMax: number;
}

export const memorySweepLedgerDefaults: MemorySweepLedgerOptions = { reportsMax: 100 };

export interface MemorySweepLedger extends SweepLedger {
  /** While it is not, every call fails. */
  setAvailable(available: boolean): void;
  /** Forgets everything, as a store without a disk does when it restarts. */
  flush(): void;
}

interface HeldLease extends SweepLease {
  readonly until: Timestamp;
}

/** The sweep ledger in memory. */
export function createMemorySweepLedger(
  { clock }: { readonly clock: Clock },
  { reportsMax }: MemorySweepLedgerOptions = memorySweepLedgerDefaults,
): MemorySweepLedger {
  const leases = new Map<SweepKind, HeldLease>();
  const cursors = new Map<SweepKind, string>();
  const reports = new Map<SweepRunId, SweepReport>();
  const noted = new Set<SweepRunId>();
  const cancelled = new Set<SweepRunId>();
  const takers = new Map<SweepRunId, SweepRunId>();
  let available = true;
  let tokens = 0;

  function leaseOf(kind: SweepKind): HeldLease | undefined {
    const lease = leases.get(kind);
    return lease !== undefined && clock.now() < lease.until ? lease : undefined;
  }

  function isHeld({ kind, token }: SweepLease): boolean {
    return leaseOf(kind)?.token === token;
  }

  function grant(kind: SweepKind, runId: SweepRunId, leaseMs: number): SweepLease {
    tokens += 1;
    const lease = { kind, runId, token: String(tokens) };
    leases.set(kind, { ...lease, until: later(clock.now(), leaseMs) });
    return lease;
  }

  function begin(run: SweepRun, leaseMs: number): SweepBegun {
    const { runId } = run;
    const { kind } = run.request;
    const shown = reports.get(runId);
    if (shown !== undefined && shown.state !== 'running') return { kind: 'over', report: shown };
    const held = leaseOf(kind);
    if (held !== undefined && held.runId !== runId) {
      if (shown === undefined) takers.set(runId, held.runId);
      return { kind: 'taken', runId: held.runId };
    }
    takers.delete(runId);
    const before = noted.has(runId) ? shown : undefined;
    if (shown === undefined) reports.set(runId, firstReport(run));
    const cursor = before === undefined ? cursors.get(kind) : before.cursor;
    return { kind: 'begun', lease: grant(kind, runId, leaseMs), cursor, before };
  }

  function keep(report: SweepReport): void {
    const { runId, request, cursor } = report;
    // A report is a value, which nobody changes: the next one is another.
    reports.set(runId, report);
    noted.add(runId);
    if (request.dryRun) return;
    if (cursor === undefined) cursors.delete(request.kind);
    else cursors.set(request.kind, cursor);
  }

  function dropOldest(kind: SweepKind): void {
    for (const { runId } of listed(kind).slice(reportsMax)) {
      reports.delete(runId);
      noted.delete(runId);
      cancelled.delete(runId);
    }
  }

  function listed(kind: SweepKind | undefined): SweepReport[] {
    const all = [...reports.values()];
    const wanted = all.filter(({ request }) => kind === undefined || request.kind === kind);
    return wanted.toSorted(newestFirst);
  }

  function note(lease: SweepLease, report: SweepReport, leaseMs: number): SweepNoted {
    const answer = renew(lease, leaseMs);
    if (answer !== 'lost') keep(report);
    return answer;
  }

  function renew(lease: SweepLease, leaseMs: number): SweepNoted {
    if (!isHeld(lease)) return 'lost';
    leases.set(lease.kind, { ...lease, until: later(clock.now(), leaseMs) });
    return cancelled.has(lease.runId) ? 'cancelled' : 'go-on';
  }

  function end(lease: SweepLease, report: SweepReport): 'ended' | 'lost' {
    if (!isHeld(lease)) return 'lost';
    keep(report);
    leases.delete(lease.kind);
    cancelled.delete(lease.runId);
    dropOldest(lease.kind);
    return 'ended';
  }

  function cancel(runId: SweepRunId): SweepState | undefined {
    const state = reports.get(runId)?.state;
    if (state === 'running') cancelled.add(runId);
    return state;
  }

  function list(
    kind: SweepKind | undefined,
    cursor: string | undefined,
    limit: number,
  ): SweepReportPage {
    const after = cursor === undefined ? undefined : parsePlace(cursor);
    const rest = listed(kind).filter(
      (report) => after === undefined || newestFirst(after, report) < 0,
    );
    const page = upToBytes(rest.slice(0, limit));
    const last = rest.length > page.length ? page.at(-1) : undefined;
    return { reports: page, next: last && `${last.timeStarted} ${last.runId}` };
  }

  async function whenAvailable<Answer>(answer: () => Answer): Promise<Answer> {
    if (available) return answer();
    const why = 'it is down';
    throw new DomainError({ code: 'TIER_UNAVAILABLE', tier: 'the sweep ledger', why });
  }

  return {
    begin: (run, leaseMs) => whenAvailable(() => begin(run, leaseMs)),
    note: (lease, report, leaseMs) => whenAvailable(() => note(lease, report, leaseMs)),
    renew: (lease, leaseMs) => whenAvailable(() => renew(lease, leaseMs)),
    end: (lease, report) => whenAvailable(() => end(lease, report)),
    cancel: (runId) => whenAvailable(() => cancel(runId)),
    report: (runId) => whenAvailable(() => reports.get(runId)),
    takenBy: (runId) => whenAvailable(() => takers.get(runId)),
    running: (kind) => whenAvailable(() => leaseOf(kind)?.runId),
    listReports: (kind, cursor, limit) => whenAvailable(() => list(kind, cursor, limit)),
    setAvailable: (value) => void (available = value),
    flush() {
      leases.clear();
      cursors.clear();
      reports.clear();
      noted.clear();
      cancelled.clear();
      takers.clear();
    },
  };
}

/** As many as a page may hold, by what they would be as JSON. */
function upToBytes(reports: readonly SweepReport[]): readonly SweepReport[] {
  let bytes = 0;
  const tooMany = reports.findIndex((report, index) => {
    bytes += Buffer.byteLength(JSON.stringify(report));
    return index > 0 && bytes > limits.sweepPageBytesMax;
  });
  return tooMany < 0 ? reports : reports.slice(0, tooMany);
}

/** A run can be seen and cancelled from its beginning on. */
function firstReport({ runId, request, timeStarted }: SweepRun): SweepReport {
  const findings = noFindings;
  const rest = { state: 'running', elapsedMs: 0, findings, truncated: false } as const;
  return { runId, request, timeStarted, ...rest };
}

type Place = Pick<SweepReport, 'timeStarted' | 'runId'>;

function newestFirst(left: Place, right: Place): number {
  const byTime = right.timeStarted - left.timeStarted;
  if (byTime !== 0 || left.runId === right.runId) return byTime;
  return left.runId < right.runId ? 1 : -1;
}

function parsePlace(cursor: string): Place {
  const [, time, runId] = /^(\d{1,15}) (\S+)$/.exec(cursor) ?? [];
  if (time === undefined || runId === undefined || !isSweepRunId(runId)) {
    throw invalid('INVALID_PAGE', 'page_token', cursor, 'must come from an earlier page');
  }
  return { timeStarted: Number(time) as Timestamp, runId };
}
