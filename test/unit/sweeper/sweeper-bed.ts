import {
  noFindings,
  type SweepCounts,
  type SweepDuties,
  type SweepDuty,
  type SweepKind,
  type SweepReport,
  type SweepRequest,
  type SweepRun,
  type SweepRunId,
  type Timestamp,
} from '@holdfast/domain';
import type { SweepQueue } from '@holdfast/queue-bullmq';
import {
  createMemorySweepLedger,
  type ManualClock,
  type MemorySweepLedger,
} from '@holdfast/testkit';

/** What the queue of sweeps was told to do. */
export interface FakeQueue extends Pick<
  SweepQueue,
  'add' | 'remove' | 'addNext' | 'schedule' | 'scheduled'
> {
  readonly ledger: MemorySweepLedger;
  readonly added: SweepRun[];
  /** Of those that were added, whose jobs nobody has taken yet. */
  readonly waiting: Set<SweepRunId>;
  readonly next: SweepKind[];
  readonly intervals: Map<SweepKind, number>;
  /** While it is set, the queue cannot be asked. */
  fault: Error | undefined;
}

export function createFakeQueue(clock: ManualClock): FakeQueue {
  const reached = async (): Promise<void> => {
    if (queue.fault !== undefined) throw queue.fault;
  };
  const queue: FakeQueue = {
    ledger: createMemorySweepLedger({ clock }),
    added: [],
    waiting: new Set(),
    next: [],
    intervals: new Map(),
    fault: undefined,
    async add(run) {
      await reached();
      queue.added.push(run);
      queue.waiting.add(run.runId);
    },
    remove: (runId) => reached().then(() => queue.waiting.delete(runId)),
    addNext: (kind) => reached().then(() => void queue.next.push(kind)),
    schedule: (kind, everyMs) => reached().then(() => void queue.intervals.set(kind, everyMs)),
    scheduled: () => reached().then(() => new Map(queue.intervals)),
  };
  return queue;
}

const idleDuty: SweepDuty = {
  begin: async () => undefined,
  step: async () => ({ found: [], damage: [], undecidedEntries: [] }),
};

/** Duties that find nothing, but for what is said. */
export function dutiesWith(duties: Partial<Record<SweepKind, Partial<SweepDuty>>>): SweepDuties {
  const dutyOf = (kind: SweepKind): SweepDuty => ({ ...idleDuty, ...duties[kind] });
  return {
    'recover-changes': dutyOf('recover-changes'),
    'reclaim-orphans': dutyOf('reclaim-orphans'),
    'expire-objects': dutyOf('expire-objects'),
    'verify-objects': dutyOf('verify-objects'),
  };
}

export const noCounts: SweepCounts = noFindings.counts;

export function runIdOf(number: number): SweepRunId {
  return `01900000-0000-7000-8000-${String(number).padStart(12, '0')}` as SweepRunId;
}

export function requestOf(kind: SweepKind, changes: Partial<SweepRequest> = {}): SweepRequest {
  return { kind, limit: { entries: 100 }, dryRun: false, fromStart: false, ...changes };
}

export function reportOf(request: SweepRequest, changes: Partial<SweepReport> = {}): SweepReport {
  return {
    runId: runIdOf(1),
    request,
    state: 'ended',
    timeStarted: 1_700_000_000_000 as Timestamp,
    elapsedMs: 5,
    findings: noFindings,
    truncated: false,
    ...changes,
  };
}

export function runOf(request: SweepRequest, number = 1): SweepRun {
  return { runId: runIdOf(number), request, timeStarted: 1_700_000_000_000 as Timestamp };
}

export function nextTurn(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}
