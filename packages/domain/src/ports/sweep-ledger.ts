import type { SweepReport, SweepState } from '../sweep/sweep-report.js';
import type { SweepKind, SweepRequest, SweepRunId } from '../sweep/sweep-request.js';
import type { Timestamp } from '../timestamp.js';

/**
 * What sweeps know of each other, over all instances and restarts: who runs, how far each kind has come,
 * and what runs have done. All that is lost with it is time: a kind that is not known to have come
 * anywhere begins at the beginning.
 *
 * Of each kind one run is under way at a time, by a lease. A lease that is not renewed within its time
 * lapses, and another run may begin; whoever held it finds out at the next `note` or `renew`, and has then
 * changed nothing here. Each method is atomic, and rejects with `TIER_UNAVAILABLE` when the ledger cannot
 * be reached.
 */
export interface SweepLedger {
  /**
   * Takes the lease of the run's kind. A run of the same id takes it over from whoever held it for that
   * run before, who is presumed dead, and finds how far that one had noted it to be. A run that finds
   * another one under way is remembered as `takenBy` that one, unless it has begun before.
   */
  begin(run: SweepRun, leaseMs: number): Promise<SweepBegun>;

  /**
   * Notes how far the run is and renews its lease. Unless the request is a dry run, `report.cursor` is
   * from then on where the next run of the kind begins; absent is the beginning.
   */
  note(lease: SweepLease, report: SweepReport, leaseMs: number): Promise<SweepNoted>;

  /** Renews the lease, and leaves what was noted as it is: reports can be long. */
  renew(lease: SweepLease, leaseMs: number): Promise<SweepNoted>;

  /** The same as the last word, which goes to the reports; gives the lease back. */
  end(lease: SweepLease, report: SweepReport): Promise<'ended' | 'lost'>;

  /** Asks a run to end at its next `note` or `renew`. Answers its state as of now; `undefined`: unknown id. */
  cancel(runId: SweepRunId): Promise<SweepState | undefined>;

  /** What a run has noted last, or ended with. */
  report(runId: SweepRunId): Promise<SweepReport | undefined>;

  /**
   * The run that was in the way when this one was to begin, which it then did not; that one may be over
   * by now. Known for some minutes, and not any more once the run has begun after all.
   */
  takenBy(runId: SweepRunId): Promise<SweepRunId | undefined>;

  /** The run of the kind that is under way. */
  running(kind: SweepKind): Promise<SweepRunId | undefined>;

  /**
   * Those under way and the past ones, newest first by `timeStarted`; of one kind or of all. A page has
   * fewer than `limit` where they would be more than `sweepPageBytesMax` together as they are kept, but
   * one at least.
   */
  listReports(
    kind: SweepKind | undefined,
    cursor: string | undefined,
    limit: number,
  ): Promise<SweepReportPage>;
}

export interface SweepRun {
  readonly runId: SweepRunId;
  readonly request: SweepRequest;
  readonly timeStarted: Timestamp;
}

export interface SweepLease {
  readonly kind: SweepKind;
  readonly runId: SweepRunId;
  /** Tells this holder of the lease from another one of the same run. */
  readonly token: string;
}

export type SweepBegun =
  | {
      readonly kind: 'begun';
      readonly lease: SweepLease;
      /** Where the last run of the kind was cut short, or where this one was when it was taken over. */
      readonly cursor?: string | undefined;
      /** What this run had noted before it was taken over. */
      readonly before?: SweepReport | undefined;
    }
  /** Another run of the kind is under way. */
  | { readonly kind: 'taken'; readonly runId: SweepRunId }
  /** This run has ended before: its job was delivered again. */
  | { readonly kind: 'over'; readonly report: SweepReport };

/** `lost`: somebody else holds the lease, or nobody does. Nothing was noted. */
export type SweepNoted = 'go-on' | 'cancelled' | 'lost';

export interface SweepReportPage {
  readonly reports: readonly SweepReport[];
  readonly next?: string | undefined;
}
