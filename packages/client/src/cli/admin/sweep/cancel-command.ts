import { sweeper } from '@holdfast/contracts';
import { exitCodes } from '../../exit-code.js';
import { printable } from '../../format-quantity.js';
import { jsonLine } from '../../object-json.js';
import type { SweepCommand } from './sweep-command.js';
import { sweepStateWord } from './sweep-words.js';

export const cancelCommand: SweepCommand = {
  name: 'admin sweep cancel',
  summary: 'Ends a run at its next step',
  operands: 'RUN_ID',
  operandsMin: 1,
  operandsMax: 1,
  notes: ['What it has done stays done. To cancel a run that has ended is a success.'],
  flags: {},
  examples: [['it', 'holdfast admin sweep cancel 019abc12-5d00-7000-8000-0123456789ab']],
  async run({ sweeper: client, flags, operands, out, terms }) {
    const runId = operands[0] ?? '';
    const { state } = await client.cancelSweep({ runId }, terms);
    const text = flags.isSet('json')
      ? jsonLine({ runId, state: sweepStateWord(state) })
      : `${printable(`${runId} ${outcomeText(state)}`)}\n`;
    await out.write(text);
    return exitCodes.ok;
  },
};

function outcomeText(state: sweeper.SweepState): string {
  return state === sweeper.SweepState.RUNNING
    ? 'ends at its next step'
    : `has ended already: ${sweepStateWord(state)}`;
}
