import {
  limits,
  noFindings,
  parseObjectId,
  revisionOf,
  type SweepBegun,
  type SweepFindings,
  type SweepKind,
  type SweepLease,
  type SweepLedger,
  type SweepReport,
  type SweepRequest,
  type SweepRun,
  type SweepRunId,
  type Timestamp,
} from '@holdfast/domain';
import assert from 'node:assert/strict';
import { createManualClock } from '../manual-clock.js';
import { createRowFixtures } from './row-fixtures.js';

/** A fresh, empty ledger and what a test needs to control about it. */
export interface SweepLedgerUnderTest {
  readonly ledger: SweepLedger;
  /** The same ledger, as another process sees it. */
  readonly other: SweepLedger;
  /** A lease that is short enough to wait for its end, and long enough for a few calls. */
  readonly leaseMs: number;
  /** So many reports of each kind are kept: 7 at least. */
  readonly reportsMax: number;
  /** Lets at least `ms` pass. */
  advance(ms: number): Promise<void>;
  /** From now on the ledger cannot be reached. */
  takeDown(): Promise<void>;
  close(): Promise<void>;
}

export type OpenSweepLedger = () => Promise<SweepLedgerUnderTest>;

/** One ledger for each test, and runs that differ from each other. */
export interface SweepLedgerBench {
  set(opened: SweepLedgerUnderTest): void;
  clear(): Promise<void>;
  current(): SweepLedgerUnderTest;
  ledger(): SweepLedger;
  /** Each began a second after the one before. */
  run(request?: Partial<SweepRequest>): SweepRun;
  /** Begins a run that nobody else is in the way of. */
  begin(run: SweepRun, ledger?: SweepLedger): Promise<Begun>;
  /** Begins a run and ends it at once. */
  past(run: SweepRun, overrides?: Partial<SweepReport>): Promise<SweepReport>;
}

export type Begun = Extract<SweepBegun, { readonly kind: 'begun' }>;

/** Longer than any test takes. */
export const longLeaseMs = 60_000;

export function createSweepLedgerBench(): SweepLedgerBench {
  const make = createRowFixtures(createManualClock());
  let opened: SweepLedgerUnderTest | undefined;
  let runs = 0;

  function current(): SweepLedgerUnderTest {
    assert.ok(opened);
    return opened;
  }

  async function begin(run: SweepRun, ledger = current().ledger): Promise<Begun> {
    const begun = await ledger.begin(run, longLeaseMs);
    assert.ok(begun.kind === 'begun', `it is ${begun.kind}`);
    return begun;
  }

  return {
    set: (ledger) => void (opened = ledger),
    async clear() {
      await opened?.close();
      opened = undefined;
    },
    current,
    ledger: () => current().ledger,
    run(request) {
      runs += 1;
      return {
        runId: runIdOf(make.changeId()),
        request: { ...plainRequest, ...request },
        timeStarted: (1_700_000_000_000 + runs * 1_000) as Timestamp,
      };
    },
    begin,
    async past(run, overrides) {
      const { lease } = await begin(run);
      const report = reportOf(run, { state: 'ended', ...overrides });
      assert.equal(await current().ledger.end(lease, report), 'ended');
      return report;
    },
  };
}

const plainRequest: SweepRequest = {
  kind: 'reclaim-orphans',
  limit: { entries: 100 },
  dryRun: false,
  fromStart: false,
};

export function reportOf(run: SweepRun, overrides: Partial<SweepReport> = {}): SweepReport {
  return {
    ...run,
    state: 'running',
    elapsedMs: 0,
    findings: noFindings,
    truncated: false,
    ...overrides,
  };
}

/** One with everything in it. */
export function fullReportOf(run: SweepRun): SweepReport {
  const make = createRowFixtures(createManualClock());
  const id = parseObjectId({
    usecase: 'mail',
    scopes: [{ name: 'o', value: "(1)$!+'" }],
    key: 'a/b \u{1f600} 100%/objects/.',
  });
  const revision = revisionOf(make.changeId());
  const { blob } = make.tombstone(id);
  const counts = {
    scanned: 7,
    removed: 1,
    freedBytes: 5 * 1024 ** 4,
    readBytes: 3,
    kept: { young: { entries: 2, bytes: 5 }, undecided: { entries: 4, bytes: 0 } },
  };
  return reportOf(run, {
    state: 'failed',
    elapsedMs: 1_234,
    findings: {
      counts,
      usecases: [
        { usecase: 'mail', ...counts },
        { ...counts, kept: {} },
      ],
      damaged: 200,
      damage: [
        { id, revision, kind: 'wrong-size', description: 'one' },
        { id, revision, blob, kind: 'missing', description: 'two: "é\u{1f600}"' },
      ],
      undecided: 300,
      undecidedEntries: [{ where: '../x y\n', why: 'it is not ours' }],
    },
    truncated: true,
    cursor: 'blobs-1:\u{1f600} :{}',
    error: { reason: 'TIER_UNAVAILABLE', message: 'it is down' },
  });
}

const countMax = Number.MAX_SAFE_INTEGER;
const usecaseCharacters = 64;

/** With as many usecases as are shown, or a few times as many. */
export function longFindings(times = 1): SweepFindings {
  const kept = { live: { entries: countMax, bytes: countMax } };
  const counts = { scanned: countMax, removed: countMax, freedBytes: countMax, readBytes: 0, kept };
  const usecases = Array.from({ length: times * limits.usecasesShownMax }, (_, index) => ({
    usecase: String(index).padStart(usecaseCharacters, 'u'),
    ...counts,
  }));
  return { ...noFindings, counts, usecases };
}

function runIdOf(text: string): SweepRunId {
  return text as SweepRunId;
}

export function kindsOf(reports: readonly SweepReport[]): SweepKind[] {
  return reports.map(({ request }) => request.kind);
}

/** A lease that nobody was given. */
export function forged(lease: SweepLease): SweepLease {
  return { ...lease, token: `${lease.token}x` };
}
