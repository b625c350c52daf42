import { sweeper, type maintenance } from '@holdfast/contracts';
import { describeError } from '../../describe-error.js';
import { formatBytes, formatDuration, printable } from '../../format-quantity.js';
import { shownMs } from '../durations.js';
import { tableText, timeText, type Column } from '../text-table.js';
import { reportError } from './report-error.js';
import { damagedReference, damageWord } from './report-json.js';
import { countText } from './run-progress.js';
import { keptEntries, plainCounts, type PlainCounts } from './sweep-counts.js';
import { keptWords, kindWord, removedWords, sweepStateWord } from './sweep-words.js';

const { SweepState } = sweeper;

/**
 * All that is known of a run, for people; programs ask for JSON. On a terminal the counts are cut to its
 * `width`; damage, and what could not be decided, is told whole.
 */
export function reportText(report: sweeper.SweepReport, width = Infinity): string {
  const { usecases, damage, undecidedEntries, damaged, undecided } = report;
  const columns = usecaseColumns(report);
  const rows = usecases.map(({ usecase, counts }) => ({ usecase, counts: plainCounts(counts) }));
  return [
    headText(report),
    titled('By usecase', tableText(columns, rows, width)),
    titled(firstOf('Damaged', damage.length, damaged), tableText(damageColumns, damage, Infinity)),
    titled(
      firstOf('Undecided, and kept', undecidedEntries.length, undecided),
      tableText(undecidedColumns, undecidedEntries, Infinity),
    ),
  ].join('');
}

function titled(title: string, table: string): string {
  return table === '' ? '' : `\n${title}:\n${table}`;
}

function firstOf(title: string, shown: number, all: bigint): string {
  return BigInt(shown) < all ? `${title}, the first ${shown} of ${countText(Number(all))}` : title;
}

function headText(report: sweeper.SweepReport): string {
  const { kind, dryRun, damaged } = report;
  const counts = plainCounts(report.counts);
  const removed = removedWords(kind, dryRun);
  const rows: readonly (readonly [string, string])[] = [
    ['run', report.runId],
    ['duty', `${kindWord(kind)}${dryRun ? ', a dry run: nothing was changed' : ''}`],
    ['state', stateText(report)],
    ['started', timeText(report.timeStarted)],
    ['took', `${formatDuration(shownMs(report.elapsed))}${limitText(report.limit)}`],
    ['scanned', countText(counts.scanned)],
    removed === undefined
      ? ['read', formatBytes(counts.readBytes)]
      : [removed, amountText(counts.removed, counts.freedBytes)],
    ['kept', countText(keptEntries(counts))],
    ...keptRows(counts),
    ['damaged', damaged === 0n && removed !== undefined ? '' : countText(Number(damaged))],
  ];
  const known = rows.filter(([, value]) => value !== '');
  const room = Math.max(...known.map(([name]) => name.length));
  return known.map(([name, value]) => `${name.padEnd(room)}  ${printable(value)}\n`).join('');
}

function keptRows({ kept }: PlainCounts): readonly (readonly [string, string])[] {
  return keptWords
    .filter((word) => kept[word].entries > 0)
    .map((word) => [`  ${word}`, amountText(kept[word].entries, kept[word].bytes)]);
}

function amountText(entries: number, bytes: number): string {
  return bytes === 0 ? countText(entries) : `${countText(entries)} (${formatBytes(bytes)})`;
}

function stateText(report: sweeper.SweepReport): string {
  const { state, truncatedDueToLimit, cursor, dryRun } = report;
  switch (state) {
    case SweepState.ENDED:
      if (!truncatedDueToLimit) return 'ended, at the end of what there is';
      return `ended, at a limit${cursor === '' || dryRun ? '' : '; the next run goes on from there'}`;
    case SweepState.FAILED:
      return `failed: ${describeError(reportError(report))}`;
    case SweepState.RUNNING:
    case SweepState.CANCELLED:
    case SweepState.UNSPECIFIED:
    case SweepState.UNRECOGNIZED:
      return sweepStateWord(state);
  }
}

function limitText(limit: sweeper.SweepLimit | undefined): string {
  const { entries, duration, bytes } = limit ?? { duration: undefined };
  const parts = [
    ...(entries === undefined ? [] : [`${countText(Number(entries))} entries`]),
    ...(duration === undefined ? [] : [formatDuration(shownMs(duration))]),
    ...(bytes === undefined ? [] : [formatBytes(Number(bytes))]),
  ];
  return parts.length === 0 ? '' : ` (limit: ${parts.join(', ')})`;
}

interface UsecaseRow {
  readonly usecase: string;
  readonly counts: PlainCounts;
}

/** What belongs to none, and what is left of too many to be named, has none. */
function usecaseColumns({ kind, dryRun }: sweeper.SweepReport): readonly Column<UsecaseRow>[] {
  const removed = removedWords(kind, dryRun);
  const kept = keptWords.map((word) => count(word, ({ counts }) => counts.kept[word].entries));
  return [
    { title: 'usecase', text: ({ usecase }) => usecase || '(others)' },
    count('scanned', ({ counts }) => counts.scanned),
    // What is read is counted for the whole run.
    ...(removed === undefined ? [] : [count(removed, ({ counts }) => counts.removed), bytesColumn]),
    ...kept,
  ];
}

function count(title: string, value: (row: UsecaseRow) => number): Column<UsecaseRow> {
  return { title, isRightAligned: true, text: (row) => countText(value(row)) };
}

const bytesColumn: Column<UsecaseRow> = {
  title: 'bytes',
  isRightAligned: true,
  text: ({ counts }) => formatBytes(counts.freedBytes),
};

const damageColumns: readonly Column<maintenance.Damage>[] = [
  { title: 'object', text: damagedReference },
  { title: 'what', text: ({ kind }) => damageWord(kind) },
  { title: 'how', text: ({ description }) => description },
  { title: 'where', text: ({ blob, revision }) => blob ?? `inline, revision ${revision}` },
];

const undecidedColumns: readonly Column<maintenance.UndecidedEntry>[] = [
  { title: 'where', text: ({ where }) => where },
  { title: 'why', text: ({ why }) => why },
];
