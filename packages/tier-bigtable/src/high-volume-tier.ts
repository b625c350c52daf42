import {
  headAsOf,
  unreadable,
  type Clock,
  type HighVolumeTier,
  type InlineRow,
  type ObjectId,
  type RowHead,
} from '@holdfast/domain';
import { unavailable } from './bigtable-errors.js';
import { nothing } from './filters.js';
import { listObjects, listRows } from './list-rows.js';
import { deleteColumn, setCell } from './mutations.js';
import {
  contentWithoutPayload,
  isNotInline,
  isUnreadable,
  mayCommit,
  mayExtend,
  wholeContent,
} from './predicates.js';
import type { CallKind } from './repeats.js';
import type { Mutation } from './requests.js';
import { createLoneRead, createSharedRead, type ReadOneRow } from './shared-read.js';
import { cellTime, columns, encodeExpiry, intentColumn, rowKeyOf } from './row-cells.js';
import { decodeContent, replaceContent, type StoredContent } from './row-content.js';
import { families } from './schema.js';
import type { BigtableTransport } from './transport.js';

export interface BigtableTierDependencies {
  readonly clock: Clock;
  readonly transport: BigtableTransport;
}

const noBytes = new Uint8Array(0);

/**
 * The rows of one table. Every operation is one call, which is atomic on its row; a second one, a
 * read, follows only where the first was refused and the answer has to say why.
 */
export function createBigtableHighVolumeTier(
  dependencies: BigtableTierDependencies,
): HighVolumeTier {
  const { clock, transport } = dependencies;

  const readWhole = createLoneRead(transport, wholeContent);
  const readWithoutPayload = createLoneRead(transport, contentWithoutPayload);
  const readSharedWithoutPayload = createSharedRead(transport, contentWithoutPayload);

  async function stored(id: ObjectId, readRow: ReadOneRow): Promise<StoredContent | undefined> {
    const row = await readRow(rowKeyOf(id));
    return row && decodeContent(row.cells, id.path);
  }

  async function readHead(id: ObjectId, { mayWait } = { mayWait: false }): Promise<RowHead> {
    const content = await stored(id, mayWait ? readSharedWithoutPayload : readWithoutPayload);
    return headAsOf(content?.head, clock.now());
  }

  /** Replaces whatever is no tombstone; `false` where it is one. */
  async function replaceInline(id: ObjectId, object: InlineRow | undefined): Promise<boolean> {
    const isRefused = await transport.checkAndMutate('once', {
      rowKey: rowKeyOf(id),
      predicateFilter: isNotInline,
      falseMutations: replaceContent(object),
    });
    if (isRefused) await readHead(id);
    return !isRefused;
  }

  /** Changes a row unless it cannot be read. */
  async function changeReadable(id: ObjectId, kind: CallKind, mutation: Mutation): Promise<void> {
    const isRefused = await transport.checkAndMutate(kind, {
      rowKey: rowKeyOf(id),
      predicateFilter: isUnreadable,
      falseMutations: [mutation],
    });
    if (!isRefused) return;
    await readHead(id);
    throw unavailable(`row ${id.path} could not be read, and now it can`);
  }

  return {
    async read(id) {
      const content = await stored(id, readWhole);
      const head = headAsOf(content?.head, clock.now());
      if (head.kind !== 'inline') return head;
      const payload = content?.payload;
      if (payload === undefined) throw unreadable(`row ${id.path}`, 'its payload is missing');
      return { kind: 'inline', metadata: head.metadata, payload };
    },

    readHead,

    putInline: async (id, object) => ((await replaceInline(id, object)) ? 'stored' : 'tombstone'),

    deleteInline: async (id) => ((await replaceInline(id, undefined)) ? 'deleted' : 'tombstone'),

    async begin(id, changeId) {
      const intent = setCell({
        familyName: families.intents,
        columnQualifier: intentColumn(changeId),
        timestampMicros: cellTime(clock.now()),
        value: noBytes,
      });
      await changeReadable(id, 'once', intent);
    },

    async commit(id, changeId, write, onlyWhileLive = false) {
      const isCommitted = await transport.checkAndMutate('once', {
        rowKey: rowKeyOf(id),
        predicateFilter: mayCommit(changeId, onlyWhileLive ? clock.now() : undefined),
        trueMutations: replaceContent(write.kind === 'absent' ? undefined : write),
      });
      if (!isCommitted) await readHead(id);
      return isCommitted ? 'committed' : 'refused';
    },

    fence: (id, changeId) =>
      changeReadable(id, 'idempotent', deleteColumn(families.intents, intentColumn(changeId))),

    async extend(id, revision, timeExpires) {
      const now = clock.now();
      // Bigtable takes no range that ends before it begins.
      const mayBeLater = now < timeExpires;
      const predicateFilter = mayBeLater ? mayExtend(revision, now, timeExpires) : nothing;
      const isExtended = await transport.checkAndMutate('once', {
        rowKey: rowKeyOf(id),
        predicateFilter,
        trueMutations: [
          deleteColumn(families.manual, columns.expiry),
          setCell({
            familyName: families.manual,
            columnQualifier: columns.expiry,
            timestampMicros: cellTime(timeExpires),
            value: encodeExpiry(revision, timeExpires),
          }),
        ],
      });
      if (!isExtended) await readHead(id);
      return isExtended ? 'extended' : 'unchanged';
    },

    list: (prefix, after, limit) =>
      listObjects(transport, { prefix, after, limit, now: clock.now() }),

    listRows: (after, examinedMax) => listRows(transport, after, examinedMax),
  };
}
