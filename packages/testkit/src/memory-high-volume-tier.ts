import {
  absentRow,
  compareUtf8,
  DomainError,
  isExpired,
  limits,
  parseStoragePath,
  type ChangeId,
  type Clock,
  type HighVolumeTier,
  type InlineRow,
  type ListedObject,
  type ListedRow,
  type ObjectId,
  type ObjectMetadata,
  type ObjectPage,
  type Revision,
  type Row,
  type RowHead,
  type RowPage,
  type RowWrite,
  type StoragePath,
  type Timestamp,
  type TombstoneRow,
} from '@holdfast/domain';

/** What the store holds for one object, whatever the clock says about it. */
export interface StoredRow {
  readonly content: InlineRow | TombstoneRow | undefined;
  /** Oldest first. */
  readonly intents: readonly ChangeId[];
  /** The row stands for bytes that no version of ours can read. */
  readonly unreadable: boolean;
}

export interface MemoryHighVolumeTier extends HighVolumeTier {
  /** Every row that holds content or an intent, in path order, as of now. */
  snapshot(): ReadonlyMap<StoragePath, StoredRow>;
  /** Makes the row's content unreadable, as damage or a newer version of the format would. */
  damage(id: ObjectId): void;
}

const noRow: StoredRow = { content: undefined, intents: [], unreadable: false };

/**
 * The table in memory. Each call has its whole effect at once, before it returns its promise: a
 * simulator may take a call for one atomic step.
 */
export function createMemoryHighVolumeTier({
  clock,
}: {
  readonly clock: Clock;
}): MemoryHighVolumeTier {
  const rows = new Map<StoragePath, StoredRow>();

  function rowOf(id: ObjectId): StoredRow {
    const row = rows.get(id.path) ?? noRow;
    if (row.unreadable) throw unreadableRow(id.path);
    return row;
  }

  function store(id: ObjectId, content: StoredRow['content'], intents: readonly ChangeId[]): void {
    if (content === undefined && intents.length === 0) rows.delete(id.path);
    else rows.set(id.path, { content, intents, unreadable: false });
  }

  function expired(metadata: ObjectMetadata): boolean {
    return isExpired(metadata.timeExpires, clock.now());
  }

  function headOf(id: ObjectId): RowHead {
    const { content } = rowOf(id);
    if (content === undefined) return absentRow;
    if (!expired(content.metadata)) return headFrom(content);
    const { revision } = content.metadata;
    const remains = content.kind === 'tombstone' ? { revision, blob: content.blob } : { revision };
    return { kind: 'absent', remains };
  }

  /** In path order; a row of nothing but intents is none to a listing. */
  function pathsAfter(after: StoragePath | undefined): StoragePath[] {
    const paths: StoragePath[] = [];
    for (const [path, { content, unreadable }] of rows) {
      if (content === undefined && !unreadable) continue;
      if (after === undefined || compareUtf8(path, after) > 0) paths.push(path);
    }
    return paths.toSorted(compareUtf8);
  }

  return {
    async read(id): Promise<Row> {
      const head = headOf(id);
      if (head.kind !== 'inline') return head;
      const { content } = rowOf(id);
      if (content?.kind !== 'inline') return absentRow;
      // Not `slice`, which of a Buffer is a view.
      return { ...head, payload: new Uint8Array(content.payload) };
    },

    async readHead(id) {
      return headOf(id);
    },

    async putInline(id, object) {
      if (rowOf(id).content?.kind === 'tombstone') return 'tombstone';
      store(id, object, []);
      return 'stored';
    },

    async deleteInline(id) {
      if (rowOf(id).content?.kind === 'tombstone') return 'tombstone';
      store(id, undefined, []);
      return 'deleted';
    },

    async begin(id, changeId) {
      const { content, intents } = rowOf(id);
      store(id, content, [...without(intents, changeId), changeId].slice(-limits.intentsPerRowMax));
    },

    async commit(id, changeId, write, onlyWhileLive = false) {
      const { content, intents } = rowOf(id);
      if (!intents.includes(changeId)) return 'refused';
      const isLive = content !== undefined && !expired(content.metadata);
      if (onlyWhileLive && !isLive) return 'refused';
      store(id, contentOf(write), []);
      return 'committed';
    },

    async fence(id, changeId) {
      const { content, intents } = rowOf(id);
      store(id, content, without(intents, changeId));
    },

    async extend(id, revision: Revision, timeExpires: Timestamp) {
      const { content, intents } = rowOf(id);
      if (content === undefined || content.metadata.revision !== revision) return 'unchanged';
      const current = content.metadata.timeExpires;
      if (current === undefined || current >= timeExpires) return 'unchanged';
      if (expired(content.metadata)) return 'unchanged';
      store(id, { ...content, metadata: { ...content.metadata, timeExpires } }, intents);
      return 'extended';
    },

    async list(prefix, after, limit): Promise<ObjectPage> {
      const paths = pathsAfter(after).filter((path) => path.startsWith(prefix));
      const objects: ListedObject[] = [];
      const undecided: StoragePath[] = [];
      // Expired rows count: that bounds the work, and callers must cope with pages of fewer objects.
      for (const path of paths.slice(0, limit)) {
        const { content, unreadable } = rows.get(path) ?? noRow;
        if (unreadable) undecided.push(path);
        else if (content !== undefined && !expired(content.metadata)) {
          objects.push({ id: parseStoragePath(path), metadata: content.metadata });
        }
      }
      return { objects, undecided, ...nextOf(paths, limit) };
    },

    async listRows(after, examinedMax): Promise<RowPage> {
      const paths = pathsAfter(after);
      const listed: ListedRow[] = [];
      const undecided: StoragePath[] = [];
      for (const path of paths.slice(0, examinedMax)) {
        const { content, unreadable } = rows.get(path) ?? noRow;
        if (unreadable) undecided.push(path);
        else if (content !== undefined) listed.push(listedRow(path, content));
      }
      return { rows: listed, undecided, ...nextOf(paths, examinedMax) };
    },

    snapshot() {
      return new Map([...rows].toSorted(([left], [right]) => compareUtf8(left, right)));
    },

    damage(id) {
      rows.set(id.path, { ...(rows.get(id.path) ?? noRow), unreadable: true });
    },
  };
}

function headFrom(content: InlineRow | TombstoneRow): RowHead {
  if (content.kind === 'tombstone') return content;
  return { kind: 'inline', metadata: content.metadata };
}

function listedRow(path: StoragePath, content: InlineRow | TombstoneRow): ListedRow {
  const id = parseStoragePath(path);
  const { metadata } = content;
  return content.kind === 'tombstone' ? { id, metadata, blob: content.blob } : { id, metadata };
}

function contentOf(write: RowWrite): InlineRow | TombstoneRow | undefined {
  return write.kind === 'absent' ? undefined : write;
}

function without(intents: readonly ChangeId[], changeId: ChangeId): readonly ChangeId[] {
  return intents.filter((intent) => intent !== changeId);
}

function nextOf(paths: readonly StoragePath[], taken: number): { next?: StoragePath } {
  const next = paths.length > taken ? paths[taken - 1] : undefined;
  return next === undefined ? {} : { next };
}

function unreadableRow(path: StoragePath): DomainError {
  return new DomainError({ code: 'UNREADABLE', what: `row ${path}`, why: 'it was damaged' });
}
