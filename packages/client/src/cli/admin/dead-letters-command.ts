import type { cleanup } from '@holdfast/contracts';
import { exitCodes } from '../exit-code.js';
import { jsonLine } from '../object-json.js';
import { parseCount } from '../parse-value.js';
import type { AdminCommand, AdminContext } from './admin-command.js';
import { filterFlags, filterOf } from './letter-filter.js';
import { describeLetter, letterColumns, letterJson } from './letter-text.js';
import { tableText } from './text-table.js';

const pageSizeMax = 1_000;

export const deadLettersCommand: AdminCommand = {
  name: 'admin dead-letters',
  summary: 'Lists cleanup jobs that are out of attempts',
  operands: '',
  operandsMin: 0,
  operandsMax: 0,
  notes: [
    'The oldest come first. On a terminal the lines are cut to its width; --long tells all of each.',
    'Elsewhere tabs part what is on a line, and the id comes first.',
  ],
  flags: {
    ...filterFlags,
    long: { short: 'l', help: 'all that is known of each, on lines of its own' },
    limit: { short: 'n', value: 'N', help: 'stop after this many' },
  },
  examples: [
    ['all', 'holdfast admin dead-letters'],
    ['of one usecase', 'holdfast admin dead-letters --usecase photos --long'],
    ['by reason', 'holdfast admin dead-letters --json | jq -r .reason | sort | uniq -c'],
  ],
  async run(context) {
    const { flags, out } = context;
    const text = flags.text('limit');
    const limit =
      text === undefined ? Infinity : parseCount('limit', text, Number.MAX_SAFE_INTEGER);
    let listed = 0;
    for await (const page of pagesOf(context, Math.min(limit, pageSizeMax))) {
      const letters = page.slice(0, limit - listed);
      await out.write(textOf(context, letters, listed > 0));
      listed += letters.length;
      if (listed >= limit) break;
    }
    return exitCodes.ok;
  },
};

async function* pagesOf(
  { cleanup, flags, terms }: AdminContext,
  pageSize: number,
): AsyncGenerator<readonly cleanup.DeadLetter[], undefined> {
  const filter = filterOf(flags, Date.now());
  let pageToken = '';
  do {
    const page = await cleanup.listDeadLetters({ filter, pageSize, pageToken }, terms);
    if (page.deadLetters.length > 0) yield page.deadLetters;
    pageToken = page.nextPageToken;
  } while (pageToken !== '');
  return undefined;
}

function textOf(
  { flags, host }: AdminContext,
  letters: readonly cleanup.DeadLetter[],
  isFollowing: boolean,
): string {
  if (flags.isSet('json')) return letters.map((letter) => jsonLine(letterJson(letter))).join('');
  if (!flags.isSet('long')) return tableText(letterColumns, letters, host.outputColumns);
  const texts = letters.map(describeLetter);
  return (isFollowing ? '\n' : '') + texts.join('\n');
}
