import { cleanup } from '@holdfast/contracts';
import type { DeadLetter } from '@holdfast/domain';
import {
  queueNames,
  queueOfDeadLetter,
  type CleanupQueueName,
  type QueueStats,
} from '@holdfast/queue-bullmq';
import { invalidField } from '@holdfast/rpc';
import type { OperatorDependencies } from './dependencies.js';
import { reachQueue } from './reach-queue.js';

const { CleanupQueue, QueueState } = cleanup;

/* The queues in the words of the contract. */

const messages: Readonly<Record<CleanupQueueName, cleanup.CleanupQueue>> = {
  [queueNames.settle]: CleanupQueue.CHANGELOG_CLEANUP,
  [queueNames.reclaim]: CleanupQueue.ORPHAN_RECLAIM,
};

/** Reads the queue where one is required. */
export function readQueue(field: string, message: cleanup.CleanupQueue): CleanupQueueName {
  const name = readAnyQueue(field, message);
  if (name !== undefined) return name;
  throw invalidField('INVALID_QUEUE', field, 'is required');
}

/** Reads the queue where none stands for any. */
export function readAnyQueue(
  field: string,
  message: cleanup.CleanupQueue,
): CleanupQueueName | undefined {
  if (message === CleanupQueue.UNSPECIFIED) return undefined;
  const names = [queueNames.settle, queueNames.reclaim];
  const name = names.find((known) => messages[known] === message);
  if (name !== undefined) return name;
  throw invalidField('INVALID_QUEUE', field, 'must be one of the queues that this version knows');
}

/** Of a job that cannot be read, the id of the letter tells. */
export function queueOf({ id, job }: DeadLetter): CleanupQueueName | undefined {
  switch (job?.kind) {
    case 'settle-change':
      return queueNames.settle;
    case 'reclaim-blob':
      return queueNames.reclaim;
    case undefined:
      return queueOfDeadLetter(id);
  }
}

export function queueMessage(name: CleanupQueueName | undefined): cleanup.CleanupQueue {
  return name === undefined ? CleanupQueue.UNSPECIFIED : messages[name];
}

/** What both queues hold, and whether they move. */
export async function statsMessages({
  queues,
  breaker,
}: Pick<OperatorDependencies, 'queues' | 'breaker'>): Promise<readonly cleanup.QueueStats[]> {
  const stats = await reachQueue(() => queues.stats());
  return stats.map((queue) => statsMessage(queue, breaker));
}

function statsMessage(
  stats: QueueStats,
  breaker: OperatorDependencies['breaker'],
): cleanup.QueueStats {
  const { name, oldestWaitingTime } = stats;
  return {
    queue: messages[name],
    waiting: BigInt(stats.waiting),
    delayed: BigInt(stats.delayed),
    active: BigInt(stats.active),
    deadLetters: BigInt(stats.deadLetters),
    oldestWaitingTime: oldestWaitingTime === undefined ? undefined : new Date(oldestWaitingTime),
    ...stateOf(stats, breaker),
  };
}

/** What an operator has stopped stays so when what held it besides is well again: that counts first. */
function stateOf(
  { pausedFor }: QueueStats,
  breaker: OperatorDependencies['breaker'],
): Pick<cleanup.QueueStats, 'state' | 'stateReason'> {
  if (pausedFor !== undefined) return { state: QueueState.PAUSED, stateReason: pausedFor };
  if (breaker.state() === 'closed') return { state: QueueState.RUNNING, stateReason: '' };
  return { state: QueueState.HELD, stateReason: breaker.reason() ?? '' };
}
