import type { cleanup } from '@holdfast/contracts';
import { exitCodes } from '../exit-code.js';
import { printable } from '../format-quantity.js';
import { jsonLine } from '../object-json.js';
import type { AdminCommand, AdminContext } from './admin-command.js';
import { queueJson } from './queue-stats.js';
import { parseQueue, queueWord, queueWords, stateWord } from './queue-words.js';

const aboutQueues = `A QUEUE is ${queueWords.join(' or ')}.`;
const onlyOne = { operands: 'QUEUE', operandsMin: 1, operandsMax: 1 } as const;

export const pauseCommand: AdminCommand = {
  name: 'admin pause',
  summary: 'Stops all workers from taking jobs off a queue',
  ...onlyOne,
  notes: [
    'Jobs that run come to their end, and jobs are still accepted. It holds until holdfast admin',
    `resume, over restarts. ${aboutQueues}`,
  ],
  flags: { because: { value: 'TEXT', help: 'why, for all who look at it' } },
  examples: [
    ['for a while', 'holdfast admin pause changelog-cleanup --because "the bucket moves"'],
  ],
  async run(context) {
    const { cleanup, flags, operands, terms } = context;
    const queue = parseQueue(operands[0] ?? '');
    const reason = flags.text('because') ?? '';
    return tell(context, await cleanup.pauseQueue({ queue, reason }, terms));
  },
};

export const resumeCommand: AdminCommand = {
  name: 'admin resume',
  summary: 'Lets workers take jobs off a queue again',
  ...onlyOne,
  notes: [aboutQueues],
  flags: {},
  examples: [['it', 'holdfast admin resume changelog-cleanup']],
  async run(context) {
    const { cleanup, operands, terms } = context;
    const queue = parseQueue(operands[0] ?? '');
    return tell(context, await cleanup.resumeQueue({ queue }, terms));
  },
};

async function tell(
  { flags, out }: AdminContext,
  { queue }: cleanup.PauseQueueResponse,
): Promise<number> {
  if (queue === undefined) return exitCodes.ok;
  if (flags.isSet('json')) {
    await out.write(jsonLine(queueJson(queue)));
    return exitCodes.ok;
  }
  const why = queue.stateReason === '' ? '' : `: ${queue.stateReason}`;
  await out.write(`${printable(`${queueWord(queue.queue)} is ${stateWord(queue.state)}${why}`)}\n`);
  return exitCodes.ok;
}
