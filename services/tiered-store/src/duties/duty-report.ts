import type { Logger, Metrics } from '@holdfast/service-kit';

/** What a part of a duty's run came to. */
export interface DutyFindings {
  /** Entries that were done with. */
  readonly removed: number;
  /** Entries that were offered to the queue, where most may have been before. */
  readonly offered?: number;
  readonly freedBytes: number;
  readonly failed: readonly { readonly cause: unknown }[];
  /** What cannot be read, or is none of ours. It stays. */
  readonly undecided: number;
}

/** Gathers what a duty does: for the metrics at once, for the log once a run. */
export interface DutyReport {
  add(findings: DutyFindings): void;
  /** The run is over. */
  end(): void;
}

export interface DutyReportDependencies {
  readonly metrics: Metrics;
  readonly logger: Logger;
}

const nothing = { removed: 0, offered: 0, freedBytes: 0, failed: [], undecided: 0 } as const;
/** Of the causes of failures, these many are told. */
const causesMax = 3;

export function createDutyReport(
  duty: string,
  { metrics, logger }: DutyReportDependencies,
): DutyReport {
  const entries = metrics.counter(
    'duty_entries_total',
    'Entries that background duties dealt with, by what became of them',
    ['duty', 'outcome'],
  );
  const freed = metrics.counter(
    'duty_freed_bytes_total',
    'Bytes of payload that background duties removed',
    ['duty'],
  );
  let run: Required<DutyFindings> = nothing;

  return {
    add({ removed, offered = 0, freedBytes, failed, undecided }) {
      entries.labels(duty, 'removed').add(removed);
      if (offered > 0) entries.labels(duty, 'offered').add(offered);
      entries.labels(duty, 'failed').add(failed.length);
      entries.labels(duty, 'undecided').add(undecided);
      freed.labels(duty).add(freedBytes);
      run = {
        removed: run.removed + removed,
        offered: run.offered + offered,
        freedBytes: run.freedBytes + freedBytes,
        failed: [...run.failed, ...failed].slice(0, causesMax),
        undecided: run.undecided + undecided,
      };
    },
    end() {
      const { removed, offered, freedBytes, undecided } = run;
      const causes = run.failed.map(({ cause }) => cause);
      run = nothing;
      const fields = { duty, removed, ...(offered > 0 && { offered }), freedBytes, undecided };
      if (causes.length > 0 || undecided > 0) {
        logger.warn({ ...fields, causes }, 'a background duty left something for later');
      } else if (removed > 0) {
        logger.info(fields, 'a background duty has cleaned up');
      } else if (offered > 0) {
        logger.debug(fields, 'a background duty has offered to the queue what waits for cleanup');
      }
    },
  };
}
