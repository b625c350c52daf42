import type { cleanup } from '@holdfast/contracts';
import { exitCodes } from '../exit-code.js';
import { formatBytes } from '../format-quantity.js';
import { jsonLine } from '../object-json.js';
import type { AdminCommand } from './admin-command.js';
import { queueColumns, queueJson } from './queue-stats.js';
import { tableText, timeText, type Column } from './text-table.js';

export const statsCommand: AdminCommand = {
  name: 'admin stats',
  summary: 'Shows what waits to be cleaned, and what it keeps from being freed',
  operands: '',
  operandsMin: 0,
  operandsMax: 0,
  notes: [
    'A queue is running, paused by an operator until it is resumed, or held for as long as the',
    'storage is unwell. Where no terminal shows it, each line begins with queue or orphan-bytes,',
    'and tabs part the rest: the counts as with --json, and the bytes by usecase.',
  ],
  flags: {},
  examples: [
    ['a look', 'holdfast admin stats'],
    ['how many dead letters', "holdfast admin stats --json | jq '[.queues[].deadLetters] | add'"],
  ],
  async run({ cleanup, flags, host, out, terms }) {
    const stats = await cleanup.getStats({}, terms);
    if (flags.isSet('json')) await out.write(jsonLine(statsJson(stats)));
    else if (host.outputColumns === undefined) await out.write(plainText(stats));
    else await out.write(shownText(stats, host.outputColumns));
    return exitCodes.ok;
  },
};

/** What is left of too many usecases to be named has none. */
const usecaseColumns: readonly Column<cleanup.OrphanBytes>[] = [
  { title: 'usecase', text: ({ usecase }) => usecase, shown: (row) => row.usecase || '(others)' },
  {
    title: 'orphan bytes',
    isRightAligned: true,
    text: ({ bytes }) => String(bytes),
    shown: ({ bytes }) => formatBytes(Number(bytes)),
  },
];

function shownText(
  { queues, orphanBytes, orphanBytesTime }: cleanup.GetStatsResponse,
  width: number,
): string {
  const counted =
    orphanBytesTime === undefined
      ? 'Orphan bytes have not been counted yet.'
      : `Orphan bytes as of ${timeText(orphanBytesTime)}${orphanBytes.length === 0 ? ': none.' : ':'}`;
  const usecases = tableText(usecaseColumns, orphanBytes, width);
  return `${tableText(queueColumns, queues, width)}\n${counted}\n${usecases}`;
}

function plainText({ queues, orphanBytes, orphanBytesTime }: cleanup.GetStatsResponse): string {
  const time = { title: 'time', text: () => timeText(orphanBytesTime) };
  const kind = (word: string) => ({ title: '', text: () => word });
  const queueLines = tableText([kind('queue'), ...queueColumns], queues, undefined);
  const usecaseLines = [kind('orphan-bytes'), ...usecaseColumns, time];
  return queueLines + tableText(usecaseLines, orphanBytes, undefined);
}

function statsJson({ queues, orphanBytes, orphanBytesTime }: cleanup.GetStatsResponse) {
  return {
    queues: queues.map(queueJson),
    orphanBytes: orphanBytes.map(({ usecase, bytes }) => ({ usecase, bytes: Number(bytes) })),
    orphanBytesTime: timeText(orphanBytesTime) || null,
  };
}
