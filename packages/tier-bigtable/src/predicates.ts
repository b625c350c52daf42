import { limits, type ChangeId, type Revision, type Timestamp } from '@holdfast/domain';
import {
  anyOf,
  cellTimeFrom,
  chain,
  choose,
  column,
  columnsExcept,
  latestVersion,
  nothing,
  valueBelow,
  valueBetween,
  valueFrom,
  withoutValue,
} from './filters.js';
import type { RowFilter } from './requests.js';
import { cellTime, columns, encodeExpiry, intentColumn } from './row-cells.js';
import { families } from './schema.js';

/*
 * What is asked of a row before it is changed, and what is read of it.
 *
 * A head begins with its format and its kind, so that ranges of bytes tell what a row holds: inline
 * content, a tombstone, or something that no version of ours has written.
 */
const contentFamilies = [families.expiring, families.manual];
const knownColumns = Object.values(columns);

const inlineHead = Buffer.of(1, 1);
const tombstoneHead = Buffer.of(1, 2);
const unknownHead = Buffer.of(1, 3);

function contentOtherThan(headsFrom: Uint8Array, headsBelow: Uint8Array): RowFilter {
  return anyOf(
    ...contentFamilies.flatMap((family) => [
      chain(column(family, columns.head), valueBelow(headsFrom)),
      chain(column(family, columns.head), valueFrom(headsBelow)),
      ...columnsExcept(family, knownColumns),
    ]),
  );
}

/** The row holds what this version cannot read. Such a row is never changed. */
export const isUnreadable = contentOtherThan(inlineHead, unknownHead);

/** The row holds something else than inline content: a tombstone, or what cannot be read. */
export const isNotInline = contentOtherThan(inlineHead, tombstoneHead);

/**
 * The row has the intent, and can be read. Intents are in the order of age, the youngest first, so
 * that those beyond the limit are the oldest: they count as gone.
 */
export function mayCommit(changeId: ChangeId, liveAt: Timestamp | undefined): RowFilter {
  const hasIntent = chain(
    { familyNameRegexFilter: families.intents },
    { cellsPerRowLimitFilter: limits.intentsPerRowMax },
    column(families.intents, intentColumn(changeId)),
  );
  const hasIntentWhileLive =
    liveAt === undefined ? hasIntent : choose(isLive(liveAt), hasIntent, nothing);
  return choose(isUnreadable, nothing, hasIntentWhileLive);
}

/** The row has content that has not expired: its expiry is the time of the cell that says it. */
function isLive(now: Timestamp): RowFilter {
  const expiries = contentFamilies.map((family) => column(family, columns.expiry));
  return chain(anyOf(...expiries), cellTimeFrom(cellTime(now) + 1_000));
}

/** The row can be read and is at `revision`, which expires after `now` and before `timeExpires`. */
export function mayExtend(revision: Revision, now: Timestamp, timeExpires: Timestamp): RowFilter {
  const range = valueBetween(encodeExpiry(revision, now), encodeExpiry(revision, timeExpires));
  const isEarlier = chain(column(families.manual, columns.expiry), latestVersion, range);
  return choose(isUnreadable, nothing, isEarlier);
}

const ofContent: RowFilter = { familyNameRegexFilter: `[${contentFamilies.join('')}]` };

export const wholeContent = chain(ofContent, latestVersion);

/**
 * Also columns that are not known, as a row with them cannot be read: they are named, and what is in them
 * stays where it is, since it may be a payload to another version.
 */
export const contentWithoutPayload = chain(
  anyOf(
    ...contentFamilies.flatMap((family) => [
      column(family, columns.head),
      column(family, columns.expiry),
      withoutValue(anyOf(...columnsExcept(family, knownColumns))),
    ]),
  ),
  latestVersion,
);
