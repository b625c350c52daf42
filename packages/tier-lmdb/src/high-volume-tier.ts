import {
  headAsOf,
  isExpired,
  unreadable,
  type ChangeId,
  type Clock,
  type HighVolumeTier,
  type ObjectId,
  type Row,
  type RowHead,
  type StoredHead,
} from '@holdfast/domain';
import { createBeginnings } from './beginnings.js';
import type { Environment } from './environment.js';
import type { GroupCommit } from './group-commit.js';
import { hasIntent, withIntent, withoutIntent } from './intents-codec.js';
import { listObjects, listRows } from './list-rows.js';
import type { WriteOperation } from './pending-write.js';
import { createRows, encodeContent, rowKeyOf, type EncodedContent } from './rows.js';
import type { ReadCurrent } from './read-current.js';

export interface LmdbTierDependencies {
  readonly clock: Clock;
  readonly environment: Environment;
  readonly commits: GroupCommit;
  readonly readCurrent: ReadCurrent;
}

/** A tree gets this much larger by one more entry, about: a half-full page. */
const entryOverheadBytes = 2_048;

/** The rows of one LMDB environment. Reads take the calling thread; writes share commits. */
export function createLmdbHighVolumeTier(dependencies: LmdbTierDependencies): HighVolumeTier {
  const { clock, environment, commits, readCurrent } = dependencies;
  const rows = createRows(environment);
  const beginnings = createBeginnings();

  function shown(head: StoredHead | undefined): RowHead {
    return headAsOf(head, clock.now());
  }

  function readRow(id: ObjectId): Row {
    const key = rowKeyOf(id);
    const head = shown(rows.head(id, key));
    if (head.kind !== 'inline') return head;
    const payload = rows.payload(key);
    if (payload === undefined) throw unreadable(`row ${id.path}`, 'its payload is missing');
    return { kind: 'inline', metadata: head.metadata, payload };
  }

  /** Replaces whatever is no tombstone. */
  function replaceInline<Answer>(
    id: ObjectId,
    content: EncodedContent | undefined,
    answer: Answer,
  ): WriteOperation<Answer | 'tombstone'> {
    const key = rowKeyOf(id);
    return {
      bytes: bytesOf(content),
      check() {
        const before = rows.head(id, key);
        if (before?.kind === 'tombstone') return { answer: 'tombstone' };
        return { answer, write: () => rows.replace(key, before, content) };
      },
    };
  }

  function isBegun(id: ObjectId, changeId: ChangeId): boolean {
    const key = rowKeyOf(id);
    rows.head(id, key);
    return hasIntent(rows.intents(id, key), changeId);
  }

  function removeIntent(id: ObjectId, changeId: ChangeId): WriteOperation<undefined> {
    const key = rowKeyOf(id);
    return {
      bytes: 0,
      check() {
        rows.head(id, key);
        const intents = rows.intents(id, key);
        const remaining = withoutIntent(intents, changeId);
        if (remaining === intents) return { answer: undefined };
        return { answer: undefined, write: () => rows.putIntents(key, remaining) };
      },
    };
  }

  return {
    read: (id) => readCurrent(() => readRow(id)),

    readHead: (id) => readCurrent(() => shown(rows.head(id, rowKeyOf(id)))),

    putInline: async (id, object) =>
      commits.submit(replaceInline(id, encodeContent(object), 'stored' as const)),

    deleteInline: async (id) => commits.submit(replaceInline(id, undefined, 'deleted' as const)),

    async begin(id, changeId) {
      const key = rowKeyOf(id);
      return beginnings.during(id, () =>
        commits.submit({
          // Small, and gone again soon; without it a full store could not delete a large object.
          bytes: 0,
          check() {
            rows.head(id, key);
            const intents = withIntent(rows.intents(id, key), changeId);
            return { answer: undefined, write: () => rows.putIntents(key, intents) };
          },
        }),
      );
    },

    async commit(id, changeId, write, onlyWhileLive = false) {
      const key = rowKeyOf(id);
      const content = write.kind === 'absent' ? undefined : encodeContent(write);
      return commits.submit({
        // A tombstone is small, and what it stands for has been uploaded already: it goes through.
        bytes: write.kind === 'inline' ? bytesOf(content) : 0,
        check() {
          const before = rows.head(id, key);
          if (!hasIntent(rows.intents(id, key), changeId)) return { answer: 'refused' };
          if (onlyWhileLive && shown(before).kind === 'absent') return { answer: 'refused' };
          return { answer: 'committed', write: () => rows.replace(key, before, content) };
        },
      });
    },

    async fence(id, changeId) {
      // Most changes that are settled have ended: nothing is to be written, and nobody to be waited for.
      const hasEnded = (): boolean =>
        !beginnings.has(id) && !commits.isStalled() && !isBegun(id, changeId);
      return readCurrent(() =>
        hasEnded() ? undefined : commits.submit(removeIntent(id, changeId)),
      );
    },

    async extend(id, revision, timeExpires) {
      const key = rowKeyOf(id);
      return commits.submit({
        bytes: 0,
        check() {
          const head = rows.head(id, key);
          const current = head?.metadata.timeExpires;
          const isExtendable =
            head?.metadata.revision === revision &&
            current !== undefined &&
            current < timeExpires &&
            !isExpired(current, clock.now());
          if (head === undefined || !isExtendable) return { answer: 'unchanged' };
          const extended = { ...head, metadata: { ...head.metadata, timeExpires } };
          return { answer: 'extended', write: () => rows.putHead(key, extended) };
        },
      });
    },

    list: (prefix, after, limit) =>
      readCurrent(() => listObjects(environment.heads, { prefix, after, limit, now: clock.now() })),

    listRows: (after, examinedMax) =>
      readCurrent(() => listRows(environment.heads, after, examinedMax)),
  };
}

function bytesOf(content: EncodedContent | undefined): number {
  if (content === undefined) return 0;
  return content.head.length + (content.payload?.length ?? 0) + entryOverheadBytes;
}
