import type { IdMessage, InstantMessage } from './loader-messages.js';

/*
 * The messages of sweeps as the loader makes them, as far as the tests look at them. What has its
 * default value is left out.
 */
export interface LimitMessage {
  readonly entries?: number;
  readonly duration?: InstantMessage;
  readonly bytes?: number;
}

export interface SweepRequestMessage {
  readonly limit?: LimitMessage;
  readonly dryRun?: boolean;
  readonly fromStart?: boolean;
  /** Only to reclaim orphans. */
  readonly minAge?: InstantMessage;
  /** Only to reclaim orphans. */
  readonly orphansLimit?: number;
}

export interface CountsMessage {
  readonly scanned?: number;
  readonly removed?: number;
  readonly freedBytes?: number;
  readonly readBytes?: number;
  readonly kept?: readonly KeptMessage[];
}

export interface KeptMessage {
  readonly reason: string;
  readonly entries?: number;
  readonly bytes?: number;
}

export interface ProgressMessage {
  readonly runId: string;
  readonly counts?: CountsMessage;
  readonly elapsed?: InstantMessage;
}

export interface DamageMessage {
  readonly objectId: IdMessage;
  readonly revision: string;
  readonly blob?: string;
  readonly kind: string;
  readonly description: string;
}

export interface UndecidedMessage {
  readonly where: string;
  readonly why: string;
}

export interface ReportMessage {
  readonly runId: string;
  readonly kind: string;
  readonly dryRun?: boolean;
  readonly state: string;
  readonly limit?: LimitMessage;
  readonly timeStarted: InstantMessage;
  readonly elapsed?: InstantMessage;
  readonly counts?: CountsMessage;
  readonly usecases?: readonly {
    readonly usecase?: string;
    readonly counts?: CountsMessage;
  }[];
  readonly truncatedDueToLimit?: boolean;
  readonly cursor?: string;
  readonly damaged?: number;
  readonly damage?: readonly DamageMessage[];
  readonly undecided?: number;
  readonly undecidedEntries?: readonly UndecidedMessage[];
  readonly error?: { readonly code?: number; readonly message?: string };
}

/** One message of a run's stream. */
export interface UpdateMessage {
  readonly progress?: ProgressMessage;
  readonly report?: ReportMessage;
}

export interface ReportsAnswer {
  readonly reports?: readonly ReportMessage[];
  readonly nextPageToken?: string;
}
