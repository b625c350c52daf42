import { cleanup } from '@holdfast/contracts';
import { UsageError } from '../usage-error.js';

const { CleanupQueue, QueueState } = cleanup;

/* The words of the contract as the command line has them. They do not change. */

const queues = new Map<string, cleanup.CleanupQueue>([
  ['changelog-cleanup', CleanupQueue.CHANGELOG_CLEANUP],
  ['orphan-reclaim', CleanupQueue.ORPHAN_RECLAIM],
]);

export const queueWords: readonly string[] = [...queues.keys()];

export function parseQueue(text: string): cleanup.CleanupQueue {
  const queue = queues.get(text);
  if (queue !== undefined) return queue;
  throw new UsageError(`a queue is ${queueWords.join(' or ')}; given ${text}`);
}

/** One that a newer worker has is told apart by nothing. */
export function queueWord(queue: cleanup.CleanupQueue): string {
  return queueWords.find((word) => queues.get(word) === queue) ?? 'unknown';
}

export function stateWord(state: cleanup.QueueState): string {
  switch (state) {
    case QueueState.RUNNING:
      return 'running';
    case QueueState.PAUSED:
      return 'paused';
    case QueueState.HELD:
      return 'held';
    case QueueState.UNSPECIFIED:
    case QueueState.UNRECOGNIZED:
      return 'unknown';
  }
}
