import { BullMQAdapter } from '@bull-board/api/bullMQAdapter';
import { queueNames, type BullmqQueues, type QueueName } from '@holdfast/queue-bullmq';

export type BoardQueue = BullmqQueues['boards'][number];

interface Shown {
  readonly displayName: string;
  readonly description: string;
  /** Whether its dead letters are among those that `retryDeadLetter` knows. */
  readonly hasDeadLetters: boolean;
}

const shown: Readonly<Record<QueueName, Shown>> = {
  [queueNames.settle]: {
    displayName: 'Changelog cleanup',
    description:
      'Changes that left something to delete. The failed ones are dead letters, for operators to judge.',
    hasDeadLetters: true,
  },
  [queueNames.reclaim]: {
    displayName: 'Orphan reclaim',
    description: 'Payloads that nothing names. The failed ones are dead letters.',
    hasDeadLetters: true,
  },
  [queueNames.sweep]: {
    displayName: 'Sweep',
    description:
      'Bounded searches for changes, payloads and objects that were left behind. A failed one is not retried: its schedule brings the next, and `holdfast admin sweep` begins one at once.',
    hasDeadLetters: false,
  },
};

function isShown(name: string): name is QueueName {
  return Object.hasOwn(shown, name);
}

export function isRetriable(name: string): boolean {
  return isShown(name) && shown[name].hasDeadLetters;
}

/** Our workers write none; whoever else adds jobs may have written any number. */
const logLinesMax = 1_000;

class ShownQueue extends BullMQAdapter {
  private readonly shownQueue: BoardQueue;

  constructor(queue: BoardQueue, options: ConstructorParameters<typeof BullMQAdapter>[1]) {
    super(queue, options);
    this.shownQueue = queue;
  }

  /** A job that is done left nothing to do. */
  override readonly allowCompletedRetries = false;

  /** Those that jobs can have here, which leaves out children and priorities. */
  override getJobStatuses(): ReturnType<BullMQAdapter['getJobStatuses']> {
    return ['active', 'waiting', 'delayed', 'failed', 'completed'];
  }

  override async getJobLogs(jobId: string): Promise<string[]> {
    const { logs } = await this.shownQueue.getJobLogs(jobId, 0, logLinesMax - 1);
    return logs;
  }
}

/** How bull-board gets at the queue, and what it offers to do to it. */
export function showQueue(queue: BoardQueue, writable: boolean): BullMQAdapter {
  const { displayName, description } = isShown(queue.name)
    ? shown[queue.name]
    : { displayName: queue.name, description: '' };
  return new ShownQueue(queue, {
    displayName,
    description,
    readOnlyMode: !writable || !isRetriable(queue.name),
  });
}
