import { printable } from '../format-quantity.js';

export interface Column<Row> {
  readonly title: string;
  /** Numbers are. */
  readonly isRightAligned?: true;
  /** For programs, and for people where `shown` is missing. */
  readonly text: (row: Row) => string;
  readonly shown?: (row: Row) => string;
}

/**
 * On a terminal, which is so many `columns` wide: lines under a heading, each cut to what fits. Elsewhere:
 * a line a row, whole, with tabs between, for programs to part.
 */
export function tableText<Row>(
  columns: readonly Column<Row>[],
  rows: readonly Row[],
  width: number | undefined,
): string {
  if (rows.length === 0) return '';
  if (width === undefined) {
    return linesText(rows.map((row) => cellsOf(columns, row, false).join('\t')));
  }
  const cells = [
    columns.map(({ title }) => title),
    ...rows.map((row) => cellsOf(columns, row, true)),
  ];
  const widths = columns.map((_, at) => Math.max(...cells.map((line) => line[at]?.length ?? 0)));
  const aligned = cells.map((line) =>
    line.map((cell, at) => {
      const room = widths[at] ?? 0;
      return columns[at]?.isRightAligned === true ? cell.padStart(room) : cell.padEnd(room);
    }),
  );
  return linesText(aligned.map((line) => cut(line.join('  ').trimEnd(), width)));
}

function cellsOf<Row>(columns: readonly Column<Row>[], row: Row, isShown: boolean): string[] {
  return columns.map(({ text, shown = text }) => printable(isShown ? shown(row) : text(row)));
}

/** The cut may part a surrogate pair. */
function cut(line: string, width: number): string {
  return line.length <= width ? line : `${line.slice(0, Math.max(0, width - 1)).toWellFormed()}…`;
}

function linesText(lines: readonly string[]): string {
  return lines.map((line) => `${line}\n`).join('');
}

export function timeText(time: Date | undefined): string {
  return time === undefined || Number.isNaN(time.getTime()) ? '' : time.toISOString();
}
