import {
  encodeChangeKey,
  hasCode,
  showKey,
  type Change,
  type ChangeId,
  type ChangePage,
  type ChangeQuery,
  type Timestamp,
} from '@holdfast/domain';
import { changeCells, changeIdIn, decodeEntry, shards } from './change-cells.js';
import { readPage, type Page, type PageEntry } from './read-page.js';
import type { BigtableTransport } from './transport.js';

/**
 * Reads a part of a page from each shard at once and merges them by id. What follows in a shard that
 * has more is after the last entry that was read of it, so that the merged entries are complete up to
 * the earliest of these last entries, the horizon. The shard that it is in is read further until the
 * page is full.
 */
export async function listChanges(
  transport: BigtableTransport,
  { after, dueAt, examinedMax }: ChangeQuery,
): Promise<ChangePage> {
  const entriesMax = Math.ceil((examinedMax * entriesPerEven) / shards.length);
  const read = (shard: string, start: ChangeId | undefined): Promise<ShardPage> =>
    readShard(transport, shard, start, entriesMax);
  let pages = await Promise.all(shards.map((shard) => read(shard, after)));
  let merged = mergeByAge(pages, examinedMax);
  // Every round adds a part of a page, or comes to the end of a shard.
  while (merged.entries.length < examinedMax && merged.horizon !== undefined) {
    const { horizon } = merged;
    pages = await Promise.all(
      pages.map(async (page) =>
        page.next === horizon ? joined(page, await read(page.shard, horizon)) : page,
      ),
    );
    merged = mergeByAge(pages, examinedMax);
  }
  return showPage(pages, merged, dueAt);
}

/** How much more is read of a shard than an even part: some have more of a page than others. */
const entriesPerEven = 2;

interface ShardPage extends Page<ChangeId> {
  readonly shard: string;
}
type ShardEntry = PageEntry<ChangeId>;

async function readShard(
  transport: BigtableTransport,
  shard: string,
  after: ChangeId | undefined,
  entriesMax: number,
): Promise<ShardPage> {
  const start = after && { key: encodeChangeKey(after), isExclusive: true };
  const page = await readPage(transport, {
    prefix: shard,
    start,
    filter: changeCells,
    entriesMax,
    decodeKey: (key) => changeIdIn(shard, key),
  });
  return { ...page, shard };
}

function joined(page: ShardPage, following: ShardPage): ShardPage {
  return {
    shard: page.shard,
    entries: [...page.entries, ...following.entries],
    foreignKeys: [...page.foreignKeys, ...following.foreignKeys],
    next: following.next,
  };
}

interface Merged {
  readonly entries: readonly ShardEntry[];
  /** Up to it nothing is missing; absent when nothing at all is. */
  readonly horizon: ChangeId | undefined;
  readonly next: ChangeId | undefined;
}

function mergeByAge(pages: readonly ShardPage[], entriesMax: number): Merged {
  const [horizon] = pages.flatMap(({ next }) => next ?? []).toSorted();
  const all = pages.flatMap(({ entries }) => entries);
  const known = all.filter(({ key }) => horizon === undefined || key <= horizon);
  const entries = known.toSorted(byAge).slice(0, entriesMax);
  const hasMore = horizon !== undefined || known.length > entries.length;
  return { entries, horizon, next: hasMore ? entries.at(-1)?.key : undefined };
}

function showPage(
  pages: readonly ShardPage[],
  { entries, next }: Merged,
  dueAt: Timestamp | undefined,
): ChangePage {
  const changes: Change[] = [];
  const undecided: string[] = [];
  for (const entry of entries) {
    const change = decodeIfReadable(entry);
    if (change === undefined) undecided.push(entry.key);
    else if (dueAt === undefined || change.deadline <= dueAt) changes.push(change);
  }
  const foreign = foreignUpTo(pages, next).map(showKey);
  return { changes, undecided: [...undecided, ...foreign], ...(next && { next }) };
}

function byAge(left: ShardEntry, right: ShardEntry): number {
  return left.key < right.key ? -1 : 1;
}

/** Those that the next page does not meet. */
function foreignUpTo(pages: readonly ShardPage[], next: ChangeId | undefined): Uint8Array[] {
  const keys = pages.flatMap(({ foreignKeys }) => foreignKeys);
  if (next === undefined) return keys;
  const end = encodeChangeKey(next);
  return keys.filter((key) => Buffer.compare(key, end) <= 0);
}

function decodeIfReadable({ cells, key }: ShardEntry): Change | undefined {
  try {
    return decodeEntry(cells, key);
  } catch (error) {
    if (hasCode(error, 'UNREADABLE')) return undefined;
    throw error;
  }
}
