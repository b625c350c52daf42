import { UsageError } from '../usage-error.js';
import { actOnLetters } from './act-on-letters.js';
import type { AdminCommand } from './admin-command.js';
import { filterFlags } from './letter-filter.js';

export const discardCommand: AdminCommand = {
  name: 'admin discard',
  summary: 'Gives dead letters up, and takes their changes off the change log',
  operands: 'ID...|-',
  operandsMin: 0,
  operandsMax: Infinity,
  notes: [
    'Nothing is deleted by it: blobs that no object needs are left to the orphan sweep. Who did it,',
    'and why, is written into the log of the worker. Name the letters as with holdfast admin retry.',
  ],
  flags: {
    all: { help: 'all there are' },
    ...filterFlags,
    because: { value: 'TEXT', help: 'why, for the audit log; required' },
  },
  examples: [
    [
      'one',
      'holdfast admin discard change-019abc12-5d00-7000-8000-0123456789ab --because "bucket is gone"',
    ],
    [
      'all of a usecase that failed for one reason',
      'holdfast admin discard --usecase tests --reason UNREADABLE --because "test data"',
    ],
  ],
  async run(context) {
    const { cleanup, flags, terms } = context;
    const reason = flags.text('because') ?? '';
    if (reason === '') throw new UsageError('--because TEXT is required: it is for the audit log');
    return actOnLetters(context, {
      done: 'discarded',
      mayComeBack: false,
      async act(selection) {
        const { answer, isRepeated } = await cleanup.discardDeadLetters(
          { selection, reason },
          terms,
        );
        return { ...answer, count: answer.discarded, isRepeated };
      },
    });
  },
};
