import type { RowHead } from '@holdfast/domain';
import type { BrokenVariant } from '../variant.js';

/* Writers that tell their callers, or the table, the wrong thing. */

/** The record goes out first, so a settle can find it and have no intent to fence yet. */
export const recordBeforeBegin: BrokenVariant = {
  name: 'record-before-begin',
  flaw: 'a change is recorded before its intent is acknowledged',
  expected: /^I6: .* has an intent of logged change/,
  meddle: (ports, dependencies) => {
    let begun: Promise<void> = Promise.resolve();
    return {
      ...dependencies,
      highVolume: {
        ...ports.highVolume,
        begin: async (id, changeId) => {
          begun = ports.highVolume.begin(id, changeId);
          begun.catch(() => undefined);
        },
        commit: async (id, changeId, write, live) => {
          // A change of inline content alone is not recorded; it still has to begin somewhere.
          await begun;
          return ports.highVolume.commit(id, changeId, write, live);
        },
      },
      changeLog: {
        ...ports.changeLog,
        record: async (change) => {
          await ports.changeLog.record(change);
          await begun;
        },
      },
    };
  },
};

/** A begin without an answer is sent again: the first may land after the fence. */
export const retriedBegin: BrokenVariant = {
  name: 'retried-begin',
  flaw: 'a begin that timed out is sent again under the same id',
  expected: /^I1: .* names a missing blob/,
  meddle: (ports, dependencies) => ({
    ...dependencies,
    highVolume: {
      ...ports.highVolume,
      begin: (id, changeId) =>
        ports.highVolume.begin(id, changeId).catch(() => ports.highVolume.begin(id, changeId)),
    },
  }),
};

/** Goes by what it read at its beginning, however long ago that is. */
export const conditionOutlivesObject: BrokenVariant = {
  name: 'condition-outlives-object',
  flaw: 'a condition is met by an object that has expired before the commit',
  expected: /^I5: no order explains/,
  meddle: (ports, dependencies) => ({
    ...dependencies,
    highVolume: {
      ...ports.highVolume,
      commit: (id, changeId, write) => ports.highVolume.commit(id, changeId, write),
    },
  }),
};

/** Sends an inline write again when it was not answered. */
export const retriedPut: BrokenVariant = {
  name: 'retried-put',
  flaw: 'an inline write without an answer is sent again and may land twice',
  expected: /^I5: no order explains/,
  meddle: (ports, dependencies) => ({
    ...dependencies,
    highVolume: {
      ...ports.highVolume,
      putInline: (id, object) =>
        ports.highVolume.putInline(id, object).catch(() => ports.highVolume.putInline(id, object)),
    },
  }),
};

/** Takes whatever is at the row for the outcome of its own commit. */
export const unknownTakenForDone: BrokenVariant = {
  name: 'unknown-taken-for-done',
  flaw: 'a commit without an answer is reported as done',
  expected: /^I5: no order explains/,
  meddle: (ports, dependencies) => ({
    ...dependencies,
    highVolume: {
      ...ports.highVolume,
      commit: (id, changeId, write, live) =>
        ports.highVolume.commit(id, changeId, write, live).catch(() => 'committed' as const),
    },
  }),
};

/** Takes a refusal for the work of a later writer. */
export const fencedAnsweredOk: BrokenVariant = {
  name: 'fenced-answered-ok',
  flaw: 'a writer that was fenced is told that its write is done',
  expected: /^I5: no order explains/,
  meddle: (ports, dependencies) => ({
    ...dependencies,
    highVolume: {
      ...ports.highVolume,
      commit: async (id, changeId, write, live) => {
        await ports.highVolume.commit(id, changeId, write, live);
        return 'committed';
      },
    },
  }),
};

/** Says that it came just before a write whose condition it would have broken. */
export const loserAlwaysOk: BrokenVariant = {
  name: 'loser-always-ok',
  flaw: 'a writer that lost to a conditional write is told that it came before it',
  expected: /^I5: no order explains/,
  meddle: (ports, dependencies) => {
    const plain = (row: RowHead): RowHead =>
      row.kind === 'absent' ? row : { ...row, metadata: { ...row.metadata, conditional: false } };
    return {
      ...dependencies,
      highVolume: {
        ...ports.highVolume,
        readHead: async (id) => plain(await ports.highVolume.readHead(id)),
      },
    };
  },
};
