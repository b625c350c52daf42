import type {
  Clock,
  SweepDamage,
  SweepFindings,
  SweepObserver,
  SweepReport,
  SweepRun,
} from '@holdfast/domain';
import type { Logger, Metrics } from '@holdfast/service-kit';
import { createSweepMetrics } from './sweep-metrics.js';

/** What sweeps do, in numbers and lines. */
export interface SweepsObserver {
  watch(run: SweepRun): WatchedRun;
}

/** One run, for as long as it is here. */
export interface WatchedRun extends SweepObserver {
  /** It has come to its end, here or before its job was delivered again. `cause`: why it has failed. */
  ended(report: SweepReport, cause: unknown): void;
  /** Nobody knows how it has ended: what sweeps know of each other was out of reach. */
  lostTouch(cause: unknown): void;
  /** It is not here any more, for whatever reason. */
  left(): void;
}

export interface SweepsObserverDependencies {
  readonly metrics: Metrics;
  readonly logger: Logger;
  readonly clock: Clock;
}

export function observeSweeps({
  metrics,
  logger,
  clock,
}: SweepsObserverDependencies): SweepsObserver {
  const series = createSweepMetrics(metrics);

  function watch(run: SweepRun): WatchedRun {
    const { runId, request } = run;
    const { kind, dryRun } = request;
    const fields = { runId, kind };
    /** Missing until the first word: what was found before this process came is not its own. */
    let counted: SweepFindings | undefined;
    series.running(kind, 1);

    function count({ findings }: SweepReport): void {
      if (counted !== undefined) series.found(kind, dryRun, counted, findings);
      counted = findings;
    }

    return {
      progress: count,
      damage: (damage) => {
        series.damaged(kind);
        logger.error({ ...fields, ...damageFields(damage) }, 'stored bytes are damaged');
      },
      skewed: (skewMs) => {
        logger.error(
          { ...fields, skewMs },
          'no orphans are looked for: the clocks of store and sweeper are too far apart',
        );
      },
      lost: ({ error }) => {
        // It was about to end: what it had failed by is told nowhere else.
        const line = { ...fields, ...(error === undefined ? {} : { error }) };
        logger.warn(line, "the run's lease is gone: it has lapsed, or another sweeper has it");
      },
      ended(report, cause) {
        // Its job was delivered again after its end.
        if (counted === undefined && cause === undefined) return;
        count(report);
        series.ended(report, clock.now());
        const line = {
          ...fields,
          ...outcomeFields(report),
          ...(cause === undefined ? {} : { cause }),
        };
        if (report.state === 'failed') logger.warn(line, 'a sweep has failed');
        else logger.info(line, 'a sweep has ended');
      },
      lostTouch: (cause) => logger.warn({ ...fields, cause }, 'a sweep could not go on'),
      left: () => series.running(kind, -1),
    };
  }

  return { watch };
}

function damageFields({ id, revision, blob, kind, description }: SweepDamage) {
  return { object: id.path, revision, blob, damage: kind, description };
}

function outcomeFields({ state, request, elapsedMs, findings, truncated }: SweepReport) {
  const { scanned, removed, freedBytes, readBytes } = findings.counts;
  const { damaged, undecided } = findings;
  const counts = { scanned, removed, freedBytes, readBytes, damaged, undecided };
  return { state, dryRun: request.dryRun, elapsedMs, truncated, ...counts };
}
