/**
 * Works off one job of the queue `sweep`.
 *
 * 1. Which run is it? The one in the job. Of a scheduled job that is none yet, or one that is over: the
 *    last one of its kind that nobody goes on with, or else a new one, as far as the settings let it go.
 *    That is put into the job: should this process die, whoever takes the job takes over that run.
 * 2. Run it. Another run of the kind has the lease, or another sweeper has this one: the job is done.
 *    Its lease is gone, and nobody has it: the job goes back to the queue.
 *    This process ends: so it does, and whoever takes it goes on.
 *    The run failed: so does the job, and the next scheduled one tries again.
 * 3. After a scheduled run: see when the next one is to come.
 */
import {
  CleanupFailure,
  hasCode,
  newSweepRunId,
  runSweep,
  type Clock,
  type Ids,
  type SweepDuties,
  type SweepKind,
  type SweepObserver,
  type SweepReport,
  type SweepRun,
  type SweepRunId,
} from '@holdfast/domain';
import type {
  SweepHandler,
  SweepJobHands,
  SweepJobOutcome,
  SweepQueue,
} from '@holdfast/queue-bullmq';
import type { Logger } from '@holdfast/service-kit';
import { scheduledRequest, scheduleOf, type DutySettings } from './duty-settings.js';
import { abandonedRun } from './abandoned-run.js';
import type { Pace } from './pace.js';
import type { SweepsObserver } from './observe-sweeps.js';
import { createTeller, summaryOf } from './job-progress.js';

export interface HandlerOptions {
  readonly duties: DutySettings;
  readonly leaseMs: number;
  readonly busyShare: number;
}

export interface HandlerDependencies {
  readonly ledger: SweepQueue['ledger'];
  readonly duties: SweepDuties;
  readonly pace: Pace;
  readonly observer: SweepsObserver;
  readonly clock: Clock;
  readonly ids: Ids;
  readonly logger: Logger;
}

/** A run that is taken over repeats what it has found since then. */
const noteEveryMs = 1_000;

type SweepJob = Parameters<SweepHandler>[0];

export function createHandler(
  { duties: settings, leaseMs, busyShare }: HandlerOptions,
  { ledger, duties, pace, observer, clock, ids, logger }: HandlerDependencies,
): SweepHandler {
  const options = { leaseMs, busyShare, noteEveryMs };

  async function isOver({ runId }: SweepRun): Promise<boolean> {
    const report = await ledger.report(runId);
    return report !== undefined && report.state !== 'running';
  }

  function newRun(kind: SweepKind): SweepRun {
    const request = scheduledRequest(settings, kind);
    return { runId: newSweepRunId(ids), request, timeStarted: clock.now() };
  }

  async function runOf({ kind, run, isScheduled }: SweepJob, hands: SweepJobHands) {
    if (run !== undefined && !(isScheduled && (await isOver(run)))) return run;
    const next = (await abandonedRun(ledger, kind)) ?? newRun(kind);
    await hands.adopt(next);
    return next;
  }

  async function afterLoss(run: SweepRun): Promise<SweepJobOutcome> {
    const { runId, request } = run;
    const holder = await ledger.running(request.kind);
    if (holder !== undefined) return { kind: 'done', summary: lostTo(holder) };
    if (await isOver(run)) return { kind: 'done', summary: lostTo(runId) };
    logger.warn(
      { runId, kind: request.kind },
      'nobody has the run: its job goes back to the queue',
    );
    return { kind: 'again' };
  }

  /** Schedules are seen to every minute, too: that this failed is no reason for a run to have failed. */
  async function paceNext(report: SweepReport): Promise<void> {
    try {
      await pace.follow(report);
    } catch (cause) {
      logger.warn({ runId: report.runId, cause }, 'the next sweep could not be scheduled');
    }
  }

  return async (job, hands, signal) => {
    const { kind, isScheduled } = job;
    const { tell } = hands;
    if (isScheduled && !scheduleOf(settings, kind).enabled) {
      return { kind: 'done', summary: { skipped: 'it is not enabled' } };
    }
    const run = await runOf(job, hands);
    const watched = observer.watch(run);
    const shown = showing(watched, createTeller(tell, { clock }));
    try {
      const outcome = await runSweep(options, run, {
        ledger,
        duties,
        clock,
        signal,
        observer: shown,
      });
      if (outcome.kind === 'stopped') {
        logger.info({ runId: run.runId, kind }, 'the sweep stops here, for another one to go on');
        return { kind: 'again' };
      }
      if (outcome.kind === 'lost') return await afterLoss(run);
      if (outcome.kind === 'taken') return { kind: 'done', summary: takenBy(outcome.runId) };
      watched.ended(outcome.report, outcome.cause);
      // Also where it has just been shown: what is shown of a job that is over stays.
      await tell(summaryOf(outcome.report));
      if (isScheduled) await paceNext(outcome.report);
      return { kind: 'done', summary: finished(outcome) };
    } catch (cause) {
      // What a run itself has failed by is told with its end.
      if (cause instanceof CleanupFailure) throw cause;
      watched.lostTouch(cause);
      // Redis was away for long. Now that it is back, whoever takes the job goes on with the run.
      if (hasCode(cause, 'TIER_UNAVAILABLE')) return { kind: 'again' };
      throw cause;
    } finally {
      watched.left();
    }
  };
}

type Outcome = Awaited<ReturnType<typeof runSweep>>;

function takenBy(runId: SweepRunId): object {
  return { skipped: 'another run is under way', runId };
}

/** The same run, where another sweeper has taken it over. */
function lostTo(runId: SweepRunId): object {
  return { skipped: "the run's lease is gone: another sweeper has it, or has had it", runId };
}

function finished({ report, cause }: Extract<Outcome, { readonly kind: 'done' }>): object {
  const { error } = report;
  if (error !== undefined) {
    throw new CleanupFailure(error.reason, error.message, { isFinal: true, cause });
  }
  return summaryOf(report);
}

function showing(observer: SweepObserver, show: (report: SweepReport) => void): SweepObserver {
  return {
    ...observer,
    progress(report) {
      observer.progress(report);
      show(report);
    },
  };
}
