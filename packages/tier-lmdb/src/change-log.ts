import {
  decodeChange,
  decodeChangeKey,
  encodeChange,
  encodeChangeKey,
  hasCode,
  showKey,
  type Change,
  type ChangeId,
  type ChangeLog,
  type ChangePage,
  type ChangeQuery,
} from '@holdfast/domain';
import { asBuffer } from './as-buffer.js';
import type { Bytes, Environment } from './environment.js';
import type { GroupCommit } from './group-commit.js';
import type { ReadCurrent } from './read-current.js';
import { readPage } from './read-page.js';

export interface LmdbChangeLogDependencies {
  readonly environment: Environment;
  readonly commits: GroupCommit;
  readonly readCurrent: ReadCurrent;
}

/** The change log beside the rows, in the same environment and the same commits. */
export function createLmdbChangeLog(dependencies: LmdbChangeLogDependencies): ChangeLog {
  const { commits, readCurrent } = dependencies;
  const { changes } = dependencies.environment;

  /** Throws for an entry that cannot be read: none such is ever replaced or removed. */
  function stored(changeId: ChangeId): Change | undefined {
    const bytes = changes.getBinary(keyOf(changeId));
    return bytes === undefined ? undefined : decodeChange(bytes, changeId);
  }

  return {
    async record(change) {
      const bytes = asBuffer(encodeChange(change));
      return commits.submit({
        // A change that adds a blob makes the store grow. One that only replaces a blob makes room.
        bytes: change.newBlob === undefined ? 0 : bytes.length,
        check() {
          stored(change.changeId);
          const write = () => void changes.put(keyOf(change.changeId), bytes);
          return { answer: undefined, write };
        },
      });
    },

    async remove(changeId) {
      return commits.submit({
        bytes: 0,
        check() {
          if (stored(changeId) === undefined) return { answer: undefined };
          return {
            answer: undefined,
            write: () => void changes.remove(keyOf(changeId)),
          };
        },
      });
    },

    get: (changeId) => readCurrent(() => stored(changeId)),

    async defer(changeId, deadline) {
      return commits.submit({
        bytes: 0,
        check() {
          const change = stored(changeId);
          if (change === undefined) return { answer: 'absent' };
          if (change.deadline >= deadline) return { answer: 'deferred' };
          const bytes = asBuffer(encodeChange({ ...change, deadline }));
          return {
            answer: 'deferred',
            write: () => void changes.put(keyOf(changeId), bytes),
          };
        },
      });
    },

    list: (query) => readCurrent(() => listChanges(changes, query)),
  };
}

function listChanges(entries: Bytes, { after, dueAt, examinedMax }: ChangeQuery): ChangePage {
  const range = after === undefined ? {} : { start: keyOf(after), exclusiveStart: true };
  const page = readPage(entries, { range, entriesMax: examinedMax, decodeKey: decodeChangeKey });
  const changes: Change[] = [];
  const unreadable: ChangeId[] = [];
  for (const { key: changeId, value } of page.entries) {
    const change = decodeIfReadable(value, changeId);
    if (change === undefined) unreadable.push(changeId);
    else if (dueAt === undefined || change.deadline <= dueAt) changes.push(change);
  }
  const undecided = [...unreadable, ...page.foreignKeys.map(showKey)];
  return { changes, undecided, ...(page.next && { next: page.next }) };
}

function keyOf(changeId: ChangeId): Buffer {
  return asBuffer(encodeChangeKey(changeId));
}

function decodeIfReadable(bytes: Uint8Array, changeId: ChangeId): Change | undefined {
  try {
    return decodeChange(bytes, changeId);
  } catch (error) {
    if (hasCode(error, 'UNREADABLE')) return undefined;
    throw error;
  }
}
