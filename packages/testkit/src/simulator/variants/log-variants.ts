import type { ChangeId, Timestamp } from '@holdfast/domain';
import type { BrokenVariant } from '../variant.js';

/* Change logs that are not told everything, or are told to forget too soon. */

/** Only the upload is written down; a sweep of orphans would find the rest, some day. */
export const oldBlobNotLogged: BrokenVariant = {
  name: 'old-blob-not-logged',
  flaw: 'the log is not told which blob a change replaces',
  expected: /^I6: nothing names .* forgot it/,
  meddle: ({ changeLog }, dependencies) => ({
    ...dependencies,
    changeLog: {
      ...changeLog,
      record: (change) => changeLog.record({ ...change, oldBlob: undefined }),
    },
  }),
};

/** A change that has committed needs no cleaning, or so it seems. */
export const logForgetsAtCommit: BrokenVariant = {
  name: 'log-forgets-at-commit',
  flaw: 'the log entry is removed as soon as the change has committed',
  expected: /^I6: nothing names .* forgot it/,
  meddle: ({ changeLog }, dependencies) => ({
    ...dependencies,
    changeLog: {
      ...changeLog,
      // What is written down here is until when the replaced blob stays.
      record: (change) =>
        change.readersUntil === undefined
          ? changeLog.record(change)
          : changeLog.remove(change.changeId),
    },
  }),
};

/** Nothing is left of a change whose blob could not be deleted. */
export const entryBeforeBlob: BrokenVariant = {
  name: 'entry-before-blob',
  flaw: 'the log entry is removed before the blob is deleted',
  expected: /^I6: nothing names .* forgot it/,
  needs: {
    keys: ['large', 'large', 'large'],
    operations: [
      { kind: 'put', key: 0, size: 'small' },
      { kind: 'put', key: 1, size: 'small' },
      { kind: 'put', key: 2, size: 'small' },
    ],
    faultsMax: 8,
    readerGraceMs: 0,
  },
  meddle: ({ longTerm, changeLog }, dependencies) => {
    let settling: ChangeId | undefined;
    return {
      ...dependencies,
      changeLog: {
        ...changeLog,
        get: (changeId) => {
          settling = changeId;
          return changeLog.get(changeId);
        },
      },
      longTerm: {
        ...longTerm,
        async remove(blob) {
          if (settling !== undefined) await changeLog.remove(settling);
          return longTerm.remove(blob);
        },
      },
    };
  },
};

/** Deletes what it can as soon as it can. */
export const graceNotKept: BrokenVariant = {
  name: 'grace-not-kept',
  flaw: 'a replaced blob is deleted while it is still being read',
  expected: /^I4: .* went \d+ ms after a row named it/,
  meddle: ({ changeLog }, dependencies) => ({
    ...dependencies,
    changeLog: {
      ...changeLog,
      async get(changeId) {
        const change = await changeLog.get(changeId);
        return change && { ...change, readersUntil: 0 as Timestamp };
      },
    },
  }),
};
