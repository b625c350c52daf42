import {
  createSweepDuties,
  DomainError,
  runSweep,
  type Clock,
  type SweepDuties,
  type SweepDutiesDependencies,
  type SweepKind,
  type SweepReport,
  type SweepRequest,
  type SweepRun,
  type SweepRunOutcome,
} from '@holdfast/domain';
import { sweptStoreOf } from '../swept-store-of-engine.js';
import type { CleanupContext } from './cleanup-process.js';
import type { EngineProcess } from './engine-process.js';
import { sweepPorts } from './simulated-ports.js';

/** Lapses whenever time goes by at all. */
const leaseMs = 60_000;
const stepMsMax = 10_000;
/** A run is cut short after so many pages, and the next one of its kind goes on there. */
const pagesPerRun = 2;

export interface SweepContext extends CleanupContext {
  /** The run needs nobody any more. */
  readonly over: (report: SweepReport) => void;
  readonly damageFound: () => void;
}

/** As much as a schedule bears, and of blobs of any age: age is only ever caution. */
export function requestOf(kind: SweepKind, pageMax: number): SweepRequest {
  return {
    kind,
    limit: { entries: pageMax * pagesPerRun },
    dryRun: false,
    fromStart: false,
    ageMsMin: Number.MIN_SAFE_INTEGER,
  };
}

/**
 * A sweeping process, beside the engine of a store that it alone talks to. It dies at any call that
 * either of them waits for, and what it has found out ages for as long as the scheduler likes.
 */
export function startSweep(run: SweepRun, started: EngineProcess, context: SweepContext): void {
  void sweep(run, started, context).then(
    (outcome) => judge(outcome, started, context),
    (error: unknown) => {
      // A ledger that stays out of reach fails the job, and the next one comes anyway.
      if (!(error instanceof DomainError)) report(String(error), started, context);
    },
  );
}

function sweep(
  run: SweepRun,
  started: EngineProcess,
  context: SweepContext,
): Promise<SweepRunOutcome> {
  const { board, stores, damageFound } = context;
  const clock: Clock = { now: () => stores.clock.now(), sleep: async () => undefined };
  const { ledger, jobs } = sweepPorts(board, started.process, stores);
  return runSweep({ leaseMs, busyShare: 1, stepMsMax, renewEveryMs: Infinity }, run, {
    ledger,
    duties: dutiesOf(started, context, { jobs, clock }),
    clock,
    signal: new AbortController().signal,
    observer: {
      progress: () => undefined,
      damage: damageFound,
      skewed: () => undefined,
      lost: () => undefined,
    },
  });
}

/** The store's clock may be off by whatever a plan says: nothing may rest on it. */
function dutiesOf(
  { engine, ports }: EngineProcess,
  { variant, pageMax }: SweepContext,
  { jobs, clock }: Pick<SweepDutiesDependencies, 'jobs' | 'clock'>,
): SweepDuties {
  const store = sweptStoreOf(engine, { clock });
  const honest = { store, producer: ports.cleanupQueue, jobs, clock };
  const dependencies = variant.meddleSweep?.(honest, ports, engine) ?? honest;
  const duties = createSweepDuties({ skewMsMax: Infinity }, dependencies);
  const paged = (kind: SweepKind): SweepDuties[SweepKind] => ({
    ...duties[kind],
    step: (request, cursor, room, signal) => {
      const entries = Math.min(room.entries, pageMax);
      return duties[kind].step(request, cursor, { ...room, entries }, signal);
    },
  });
  return {
    'recover-changes': paged('recover-changes'),
    'reclaim-orphans': paged('reclaim-orphans'),
    'expire-objects': paged('expire-objects'),
    'verify-objects': paged('verify-objects'),
  };
}

function judge(outcome: SweepRunOutcome, started: EngineProcess, context: SweepContext): void {
  if (outcome.kind !== 'done') return;
  const { error } = outcome.report;
  if (error?.reason === 'INTERNAL') report(error.message, started, context);
  context.over(outcome.report);
}

function report(what: string, { process }: EngineProcess, { fail }: SweepContext): void {
  fail(`process ${process.index} (${process.activity}): ${what}`);
}
