import type { RowFilter } from './requests.js';

/*
 * Filters as data. Columns and values are told by ranges of bytes, never by regular expressions,
 * which text in a filter would be taken for.
 */
export const nothing: RowFilter = { blockAllFilter: true };

export const latestVersion: RowFilter = { cellsPerColumnLimitFilter: 1 };

/** What passes all of them, one after the other. */
export function chain(...filters: readonly RowFilter[]): RowFilter {
  return { chain: { filters: [...filters] } };
}

/** What passes any of them. */
export function anyOf(...filters: readonly RowFilter[]): RowFilter {
  const [only] = filters;
  return filters.length === 1 && only !== undefined
    ? only
    : { interleave: { filters: [...filters] } };
}

export function choose(condition: RowFilter, whenSo: RowFilter, otherwise: RowFilter): RowFilter {
  return { condition: { predicateFilter: condition, trueFilter: whenSo, falseFilter: otherwise } };
}

export function column(familyName: string, qualifier: Uint8Array): RowFilter {
  const range = { startQualifierClosed: qualifier, endQualifierClosed: qualifier };
  return { columnRangeFilter: { familyName, ...range } };
}

/** The family's columns other than `known`, which are given in their order. */
export function columnsExcept(familyName: string, known: readonly Uint8Array[]): RowFilter[] {
  const gaps = Array.from({ length: known.length + 1 }, (_, at) => {
    const [after, before] = [known[at - 1], known[at]];
    return {
      familyName,
      ...(after === undefined ? undefined : { startQualifierOpen: after }),
      ...(before === undefined ? undefined : { endQualifierOpen: before }),
    };
  });
  return gaps.map((columnRangeFilter) => ({ columnRangeFilter }));
}

/** The cells without what is in them. */
export function withoutValue(filter: RowFilter): RowFilter {
  return chain(filter, { stripValueTransformer: true });
}

export function valueBelow(end: Uint8Array): RowFilter {
  return { valueRangeFilter: { endValueOpen: end } };
}

export function valueFrom(start: Uint8Array): RowFilter {
  return { valueRangeFilter: { startValueClosed: start } };
}

/** Neither of the ends included. */
export function valueBetween(start: Uint8Array, end: Uint8Array): RowFilter {
  return { valueRangeFilter: { startValueOpen: start, endValueOpen: end } };
}

export function cellTimeFrom(startTimestampMicros: number): RowFilter {
  return { timestampRangeFilter: { startTimestampMicros } };
}
