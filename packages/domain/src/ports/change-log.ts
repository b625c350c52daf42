import type { Change } from '../change.js';
import type { ChangeId } from '../revision.js';
import type { Timestamp } from '../timestamp.js';

/**
 * The durable list of changes that are not settled yet, in the order of their ids, which is the
 * order of time. It is the truth about what needs cleaning.
 *
 * Durability: a changing call resolves only when it would survive the loss of power.
 * Idempotency: all calls may be repeated. Concurrency: each call is atomic on its entry.
 * Failure: `TIER_UNAVAILABLE` or `STORAGE_FULL` without effect, `OUTCOME_UNKNOWN` with perhaps one;
 * `UNREADABLE` for an entry of an unknown format, which is kept.
 */
export interface ChangeLog {
  /** Adds the entry, or replaces the one of the same id. */
  record(change: Change): Promise<void>;

  /** Removes the entry; success also when it is not there. */
  remove(changeId: ChangeId): Promise<void>;

  get(changeId: ChangeId): Promise<Change | undefined>;

  /** Moves the deadline forward, never backward. `absent` when the change is settled already. */
  defer(changeId: ChangeId, deadline: Timestamp): Promise<'deferred' | 'absent'>;

  /**
   * Looks at up to `examinedMax` entries after `after`, oldest first, and answers those whose
   * deadline is at or before `dueAt`; all of them when it is left out.
   */
  list(query: ChangeQuery): Promise<ChangePage>;
}

export interface ChangeQuery {
  readonly after?: ChangeId | undefined;
  readonly dueAt?: Timestamp | undefined;
  readonly examinedMax: number;
}

export interface ChangePage {
  readonly changes: readonly Change[];
  /**
   * Entries that cannot be read, by their ids; by another name for one whose key is no id. They stay
   * until somebody looks at them.
   */
  readonly undecided: readonly string[];
  /** Pass it as `after` for what follows; absent at the end. */
  readonly next?: ChangeId | undefined;
}
