import { sweeper } from '@holdfast/contracts';
import { exitCodes } from '../../exit-code.js';
import { formatBytes, formatDuration } from '../../format-quantity.js';
import { jsonLine } from '../../object-json.js';
import { parseCount } from '../../parse-value.js';
import { shownMs } from '../durations.js';
import { tableText, timeText, type Column } from '../text-table.js';
import { reportJson } from './report-json.js';
import { reportText } from './report-text.js';
import { countText } from './run-progress.js';
import type { SweepCommand, SweepContext } from './sweep-command.js';
import { plainCounts } from './sweep-counts.js';
import { kindWord, kindWords, parseKind, sweepStateWord } from './sweep-words.js';

const pageSizeMax = 100;
const limitDefault = 20;

export const reportsCommand: SweepCommand = {
  name: 'admin sweep reports',
  summary: 'Lists runs that are under way and past ones, also those by schedule',
  operands: '',
  operandsMin: 0,
  operandsMax: 0,
  notes: [
    'The newest come first. On a terminal the lines are cut to its width; --long tells all of each.',
    'Elsewhere tabs part what is on a line, and the id comes first.',
  ],
  flags: {
    kind: { value: 'KIND', help: `of this duty only: ${kindWords.join(', ')}` },
    long: { short: 'l', help: 'all that is known of each' },
    limit: { short: 'n', value: 'N', help: `stop after this many; ${limitDefault} by default` },
  },
  examples: [
    ['the last of each', 'holdfast admin sweep reports'],
    ['the last that verified', 'holdfast admin sweep reports --kind verify -n 1 --long'],
    [
      'what runs',
      'holdfast admin sweep reports --json | jq -r \'select(.state=="running").runId\'',
    ],
  ],
  async run(context) {
    const { flags, out } = context;
    const text = flags.text('limit');
    const limit =
      text === undefined ? limitDefault : parseCount('limit', text, Number.MAX_SAFE_INTEGER);
    let listed = 0;
    for await (const page of pagesOf(context, Math.min(limit, pageSizeMax))) {
      const reports = page.slice(0, limit - listed);
      await out.write(textOf(context, reports, listed > 0));
      listed += reports.length;
      if (listed >= limit) break;
    }
    return exitCodes.ok;
  },
};

async function* pagesOf(
  { sweeper: client, flags, terms }: SweepContext,
  pageSize: number,
): AsyncGenerator<readonly sweeper.SweepReport[], undefined> {
  const word = flags.text('kind');
  const kind = word === undefined ? sweeper.SweepKind.UNSPECIFIED : parseKind('kind', word);
  let pageToken = '';
  do {
    const page = await client.listReports({ kind, pageSize, pageToken }, terms);
    if (page.reports.length > 0) yield page.reports;
    pageToken = page.nextPageToken;
  } while (pageToken !== '');
  return undefined;
}

function textOf(
  { flags, host }: SweepContext,
  reports: readonly sweeper.SweepReport[],
  isFollowing: boolean,
): string {
  if (flags.isSet('json')) return reports.map((report) => jsonLine(reportJson(report))).join('');
  if (!flags.isSet('long')) return tableText(columns, reports, host.outputColumns);
  const texts = reports.map((report) => reportText(report, host.outputColumns));
  return (isFollowing ? '\n' : '') + texts.join('\n');
}

const columns: readonly Column<sweeper.SweepReport>[] = [
  { title: 'run', text: ({ runId }) => runId },
  { title: 'duty', text: ({ kind, dryRun }) => `${kindWord(kind)}${dryRun ? ' (dry run)' : ''}` },
  {
    title: 'state',
    text: ({ state, truncatedDueToLimit }) =>
      `${sweepStateWord(state)}${truncatedDueToLimit ? ' at a limit' : ''}`,
  },
  number('scanned', ({ counts }) => plainCounts(counts).scanned),
  number('removed', ({ counts }) => plainCounts(counts).removed),
  number('damaged', ({ damaged }) => Number(damaged)),
  number('undecided', ({ undecided }) => Number(undecided)),
  number('freed', ({ counts }) => plainCounts(counts).freedBytes, formatBytes),
  number('read', ({ counts }) => plainCounts(counts).readBytes, formatBytes),
  {
    title: 'took',
    isRightAligned: true,
    text: ({ elapsed }) => String(shownMs(elapsed)),
    shown: ({ elapsed }) => formatDuration(shownMs(elapsed)),
  },
  { title: 'started', text: ({ timeStarted }) => timeText(timeStarted) },
];

function number(
  title: string,
  value: (report: sweeper.SweepReport) => number,
  shown: (value: number) => string = countText,
): Column<sweeper.SweepReport> {
  return {
    title,
    isRightAligned: true,
    text: (report) => String(value(report)),
    shown: (report) => shown(value(report)),
  };
}
