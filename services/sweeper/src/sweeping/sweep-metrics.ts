import {
  keptReasons,
  sweepKinds,
  type KeptReason,
  type SweepCounts,
  type SweepFindings,
  type SweepKind,
  type SweepReport,
  type Timestamp,
} from '@holdfast/domain';
import type { CounterSeries, Metrics } from '@holdfast/service-kit';

export interface SweepMetrics {
  running(kind: SweepKind, change: 1 | -1): void;
  /** What was found between the one and the other. */
  found(kind: SweepKind, dryRun: boolean, before: SweepFindings, after: SweepFindings): void;
  damaged(kind: SweepKind): void;
  ended(report: SweepReport, time: Timestamp): void;
}

type Amount = Exclude<keyof SweepCounts, 'kept'>;

interface KindSeries {
  readonly amounts: Readonly<Record<Amount, CounterSeries>>;
  readonly kept: Readonly<Record<KeptReason, CounterSeries>>;
  readonly damage: CounterSeries;
}

const secondsBuckets = [0.1, 0.3, 1, 3, 10, 30, 100, 300, 1_000, 3_600, 10_800];

/** They show from the start, so that nothing is told from not known. */
export function createSweepMetrics(metrics: Metrics): SweepMetrics {
  const seriesOf = createKindSeries(metrics);
  const all = new Map(sweepKinds.map((kind) => [kind, seriesOf(kind)]));
  const runs = metrics.counter(
    'sweep_runs_total',
    'Runs of sweeps by how they ended: ended (at the end or a limit), cancelled or failed',
    ['kind', 'state'],
  );
  const succeeded = metrics.gauge(
    'sweep_last_success_timestamp_seconds',
    'When a run of the kind, other than a dry run, last ended well here',
    ['kind'],
  );
  const completed = metrics.gauge(
    'sweep_last_complete_timestamp_seconds',
    'When a run of the kind, other than a dry run, last came here to the end of what there was to look at',
    ['kind'],
  );
  const seconds = metrics.histogram(
    'sweep_run_seconds',
    'How long runs of sweeps took, with their pauses',
    ['kind'],
    secondsBuckets,
  );
  const running = metrics.gauge('sweep_running', 'Runs of sweeps that are under way here', [
    'kind',
  ]);
  for (const kind of sweepKinds) {
    running.labels(kind).set(0);
    seconds.labels(kind);
    for (const state of ['ended', 'cancelled', 'failed']) runs.labels(kind, state);
  }

  return {
    running: (kind, change) => running.labels(kind).add(change),
    damaged: (kind) => all.get(kind)?.damage.add(),
    found(kind, dryRun, before, after) {
      const series = all.get(kind);
      if (series !== undefined) addAmounts(series, dryRun, before.counts, after.counts);
    },
    ended({ request: { kind, dryRun }, state, elapsedMs, truncated }, time) {
      runs.labels(kind, state).add();
      seconds.labels(kind).observe(elapsedMs / 1_000);
      if (state !== 'ended' || dryRun) return;
      succeeded.labels(kind).set(time / 1_000);
      if (!truncated) completed.labels(kind).set(time / 1_000);
    },
  };
}

function createKindSeries(metrics: Metrics): (kind: SweepKind) => KindSeries {
  const counter = (name: string, help: string) => metrics.counter(name, help, ['kind']);
  const scanned = counter('sweep_scanned_total', 'Entries that sweeps have looked at');
  const removed = counter(
    'sweep_removed_total',
    'Entries that sweeps have removed or handed to a queue for removal, without those of dry runs',
  );
  const freed = counter(
    'sweep_freed_bytes_total',
    'Bytes of payload in the entries of sweep_removed_total, as far as known',
  );
  const read = counter('sweep_read_bytes_total', 'Bytes of payload read to verify them');
  const kept = metrics.counter(
    'sweep_kept_total',
    'Entries that sweeps have kept: live (in use), young, owned (somebody else takes care), undecided',
    ['kind', 'reason'],
  );
  const damage = counter('sweep_damage_total', 'Stored payloads that sweeps have found damaged');
  return (kind) => {
    const reasons = keptReasons.map((reason) => [reason, kept.labels(kind, reason)] as const);
    return {
      amounts: {
        scanned: scanned.labels(kind),
        removed: removed.labels(kind),
        freedBytes: freed.labels(kind),
        readBytes: read.labels(kind),
      },
      kept: Object.fromEntries(reasons) as KindSeries['kept'],
      damage: damage.labels(kind),
    };
  };
}

function addAmounts(
  { amounts, kept }: KindSeries,
  dryRun: boolean,
  before: SweepCounts,
  after: SweepCounts,
): void {
  amounts.scanned.add(increase(before.scanned, after.scanned));
  amounts.readBytes.add(increase(before.readBytes, after.readBytes));
  for (const reason of keptReasons) {
    kept[reason].add(increase(before.kept[reason]?.entries, after.kept[reason]?.entries));
  }
  if (dryRun) return;
  amounts.removed.add(increase(before.removed, after.removed));
  amounts.freedBytes.add(increase(before.freedBytes, after.freedBytes));
}

function increase(before = 0, after = 0): number {
  return Math.max(0, after - before);
}
