import type { Duration } from '@holdfast/contracts';
import { durationMessage } from '@holdfast/rpc';
import { parseDuration } from '../parse-value.js';
import { actOnLetters } from './act-on-letters.js';
import type { AdminCommand } from './admin-command.js';
import { filterFlags } from './letter-filter.js';

export const retryCommand: AdminCommand = {
  name: 'admin retry',
  summary: 'Puts dead letters back on their queue, with a fresh set of attempts',
  operands: 'ID...|-',
  operandsMin: 0,
  operandsMax: Infinity,
  notes: [
    'Name them by their ids, with - by those on standard input, one a line; or by --all; or by what',
    'they have in common.',
  ],
  flags: {
    all: { help: 'all there are' },
    ...filterFlags,
    spread: {
      value: 'DURATION',
      help: 'spread them over this time, to spare what has just recovered',
    },
  },
  examples: [
    ['one', 'holdfast admin retry change-019abc12-5d00-7000-8000-0123456789ab'],
    ['all that failed for one reason', 'holdfast admin retry --reason TIER_UNAVAILABLE'],
    ['all, over five minutes', 'holdfast admin retry --all --spread 5min'],
  ],
  run(context) {
    const { cleanup, flags, terms } = context;
    const spread = spreadOf(flags.text('spread'));
    return actOnLetters(context, {
      done: 'retried',
      mayComeBack: true,
      async act(selection) {
        const { answer, isRepeated } = await cleanup.retryDeadLetters({ selection, spread }, terms);
        return { ...answer, count: answer.retried, isRepeated };
      },
    });
  },
};

function spreadOf(text: string | undefined): Duration | undefined {
  return text === undefined ? undefined : durationMessage(parseDuration('spread', text));
}
