import {
  decodeChange,
  decodeChangeKey,
  encodeChange,
  encodeChangeKey,
  isTimestamp,
  unreadable,
  type Change,
  type ChangeId,
  type Timestamp,
} from '@holdfast/domain';
import {
  anyOf,
  chain,
  choose,
  column,
  columnsExcept,
  nothing,
  valueBelow,
  valueFrom,
} from './filters.js';
import { deleteColumn, deleteFamily, setCell } from './mutations.js';
import type { Mutation, RowFilter } from './requests.js';
import type { Cell } from './row-merger.js';
import { families } from './schema.js';

/*
 * The rows of the change log; docs/formats.md describes them. Ids begin with the time, and so would
 * the keys: all would be written at one end of the table. They end in random bits, the last four of
 * which say which of the shards a change is in.
 */
export const shards: readonly string[] = Array.from('0123456789abcdef', (digit) => `c/${digit}/`);

const columns = { change: Buffer.from('c'), deadline: Buffer.from('d') } as const;
const familyName = families.manual;

/** The deadline has the last word over the one inside the change, so that it can be moved alone. */
const deadlineBytes = 8;

const firstKnown = Buffer.of(1, 0);
/** After the last combination of flags. */
const firstUnknown = Buffer.of(1, 4);

export function changeRowKeyOf(changeId: ChangeId): Buffer {
  const shard = Number.parseInt(changeId.slice(-1), 16);
  return Buffer.concat([Buffer.from(shards[shard] ?? ''), encodeChangeKey(changeId)]);
}

/** `undefined` for a key that no change of this shard has. */
export function changeIdIn(shard: string, key: Uint8Array): ChangeId | undefined {
  const changeId = decodeChangeKey(key);
  return changeId?.endsWith(shard.charAt(2)) === true ? changeId : undefined;
}

/** The entry is of a format that this version does not know. Such an entry is never changed. */
export const isUnreadableChange: RowFilter = anyOf(
  chain(column(familyName, columns.change), valueBelow(firstKnown)),
  chain(column(familyName, columns.change), valueFrom(firstUnknown)),
  ...columnsExcept(familyName, Object.values(columns)),
);

/** The entry can be read and its deadline is before this one. */
export function isDueBefore(deadline: Timestamp): RowFilter {
  const isEarlier = chain(
    column(familyName, columns.deadline),
    valueBelow(encodeDeadline(deadline)),
  );
  return choose(isUnreadableChange, nothing, isEarlier);
}

export const changeCells: RowFilter = {
  chain: { filters: [{ familyNameRegexFilter: familyName }, { cellsPerColumnLimitFilter: 1 }] },
};

export const removeEntry: readonly Mutation[] = [deleteFamily(familyName)];

export function replaceEntry(change: Change): Mutation[] {
  return [
    ...removeEntry,
    setCell({
      familyName,
      columnQualifier: columns.change,
      timestampMicros: 0,
      value: encodeChange(change),
    }),
    setDeadline(change.deadline),
  ];
}

export function moveDeadline(deadline: Timestamp): Mutation[] {
  return [deleteColumn(familyName, columns.deadline), setDeadline(deadline)];
}

/** Throws `UNREADABLE`, naming the change, for what no version of ours wrote. */
export function decodeEntry(cells: readonly Cell[], changeId: ChangeId): Change {
  const what = `change ${changeId}`;
  let change: Change | undefined;
  let deadline: Timestamp | undefined;
  for (const { qualifier, value } of cells) {
    if (qualifier.equals(columns.change)) change = decodeChange(value, changeId);
    else if (qualifier.equals(columns.deadline)) deadline = decodeDeadline(value, what);
    else throw unreadable(what, `column ${qualifier.toString()} is not known`);
  }
  if (change === undefined) throw unreadable(what, 'it has only a deadline');
  if (deadline === undefined) throw unreadable(what, 'its deadline is missing');
  return { ...change, deadline };
}

function setDeadline(deadline: Timestamp): Mutation {
  return setCell({
    familyName,
    columnQualifier: columns.deadline,
    timestampMicros: 0,
    value: encodeDeadline(deadline),
  });
}

function encodeDeadline(deadline: Timestamp): Buffer {
  const bytes = Buffer.alloc(deadlineBytes);
  bytes.writeBigUInt64BE(BigInt(deadline));
  return bytes;
}

function decodeDeadline(bytes: Buffer, what: string): Timestamp {
  const time = bytes.length === deadlineBytes ? Number(bytes.readBigUInt64BE()) : Number.NaN;
  if (!isTimestamp(time)) throw unreadable(what, 'the deadline is no time');
  return time;
}
