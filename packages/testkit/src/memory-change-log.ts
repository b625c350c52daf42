import {
  DomainError,
  type Change,
  type ChangeId,
  type ChangeLog,
  type ChangePage,
} from '@holdfast/domain';

export interface MemoryChangeLog extends ChangeLog {
  /** Every readable entry, oldest first, as of now. */
  snapshot(): readonly Change[];
  /** Makes the entry unreadable, as damage or a newer version of the format would. */
  damage(changeId: ChangeId): void;
}

interface StoredEntry {
  /** Absent where the entry stands for bytes that no version of ours can read. */
  readonly change?: Change;
}

/**
 * The change log in memory. Each call has its whole effect at once, before it returns its promise:
 * a simulator may take a call for one atomic step.
 */
export function createMemoryChangeLog(): MemoryChangeLog {
  const entries = new Map<ChangeId, StoredEntry>();

  function readable(changeId: ChangeId): Change | undefined {
    const entry = entries.get(changeId);
    if (entry === undefined) return undefined;
    if (entry.change === undefined) throw unreadable(changeId);
    return entry.change;
  }

  function idsAfter(after: ChangeId | undefined): ChangeId[] {
    const ids = [...entries.keys()].toSorted();
    return after === undefined ? ids : ids.filter((id) => id > after);
  }

  return {
    async record(change) {
      readable(change.changeId);
      entries.set(change.changeId, { change });
    },

    async remove(changeId) {
      readable(changeId);
      entries.delete(changeId);
    },

    async get(changeId) {
      return readable(changeId);
    },

    async defer(changeId, deadline) {
      const change = readable(changeId);
      if (change === undefined) return 'absent';
      if (deadline > change.deadline) entries.set(changeId, { change: { ...change, deadline } });
      return 'deferred';
    },

    async list({ after, dueAt, examinedMax }): Promise<ChangePage> {
      const ids = idsAfter(after);
      const changes: Change[] = [];
      const undecided: ChangeId[] = [];
      for (const id of ids.slice(0, examinedMax)) {
        const change = entries.get(id)?.change;
        if (change === undefined) undecided.push(id);
        else if (dueAt === undefined || change.deadline <= dueAt) changes.push(change);
      }
      const next = ids.length > examinedMax ? ids[examinedMax - 1] : undefined;
      return { changes, undecided, ...(next === undefined ? undefined : { next }) };
    },

    snapshot() {
      return idsAfter(undefined).flatMap((id) => entries.get(id)?.change ?? []);
    },

    damage(changeId) {
      entries.set(changeId, {});
    },
  };
}

function unreadable(changeId: ChangeId): DomainError {
  return new DomainError({ code: 'UNREADABLE', what: `change ${changeId}`, why: 'it was damaged' });
}
