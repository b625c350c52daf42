import type { cleanup } from '@holdfast/contracts';
import type { FlagTable } from '../command.js';
import type { Flags } from '../parse-arguments.js';
import { parseTime } from '../parse-value.js';
import { parseQueue, queueWords } from './queue-words.js';

/** Which dead letters are meant: those that all flags agree with. */
export const filterFlags: FlagTable = {
  queue: { value: 'QUEUE', help: `of this queue: ${queueWords.join(', ')}` },
  reason: { value: 'REASON', help: 'that failed for this reason: TIER_UNAVAILABLE' },
  usecase: { value: 'USECASE', help: 'of this usecase' },
  'enqueued-by': {
    value: 'TIME',
    help: 'first enqueued then or before: 2026-11-21T10:00:00Z, or 24h for so long ago',
  },
};

export const noFilter: cleanup.DeadLetterFilter = { queue: 0, enqueuedBy: undefined };

/** `undefined` where no flag says anything about it. */
export function filterOf(flags: Flags, now: number): cleanup.DeadLetterFilter | undefined {
  const isGiven = Object.keys(filterFlags).some((name) => flags.text(name) !== undefined);
  if (!isGiven) return undefined;
  const queue = flags.text('queue');
  const enqueuedBy = flags.text('enqueued-by');
  return {
    queue: queue === undefined ? noFilter.queue : parseQueue(queue),
    reason: flags.text('reason'),
    usecase: flags.text('usecase'),
    enqueuedBy: enqueuedBy === undefined ? undefined : parseTime('enqueued-by', enqueuedBy, now),
  };
}
