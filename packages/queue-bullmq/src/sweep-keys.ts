import type { SweepKind } from '@holdfast/domain';

/**
 * What the ledger keeps in Redis. BullMQ's keys of the queue `sweep` begin with `<prefix>:sweep:`, which
 * none of these does.
 */
export interface SweepKeys {
  /** `<runId> <token>`, until the lease lapses. */
  readonly lease: (kind: SweepKind) => string;
  /** Where the next run of the kind begins, behind the version of that text. */
  readonly cursor: (kind: SweepKind) => string;
  /**
   * A hash of the run's `state` and its `report`; with `noted` once it has noted anything, and with
   * `cancelled` once it was asked to end. Of a run that could not begin, only `taken`: the id of the one
   * that was in its way.
   */
  readonly run: (runId: string) => string;
  /** The ids of runs by the time when they began. */
  readonly runs: (kind: SweepKind) => string;
}

/**
 * Runs of one kind that are remembered; beyond them the oldest go. One can be as large as a third of a
 * megabyte, and a Redis that must not throw anything away holds them all.
 */
export const runsMax = 100;

export function createSweepKeys(prefix: string): SweepKeys {
  const keyOf =
    (what: string) =>
    (of: string): string =>
      `${prefix}:sweeper:${what}:${of}`;
  return {
    lease: keyOf('lease'),
    cursor: keyOf('cursor'),
    run: keyOf('run'),
    runs: keyOf('runs'),
  };
}
