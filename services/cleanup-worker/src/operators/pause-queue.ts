import type { cleanup } from '@holdfast/contracts';
import type { CleanupQueueName } from '@holdfast/queue-bullmq';
import type { UnaryHandler } from '@holdfast/rpc';
import { createAudit } from './audit.js';
import type { OperatorDependencies } from './dependencies.js';
import { queueMessage, readQueue, statsMessages } from './queue-messages.js';
import { reachQueue } from './reach-queue.js';
import { checkReason } from './request-bounds.js';

type Steering = Pick<OperatorDependencies, 'queues' | 'breaker' | 'logger'>;

/** Stops all workers of all processes from taking jobs off a queue. */
export function createPauseQueue(
  dependencies: Steering,
): UnaryHandler<cleanup.PauseQueueRequest, cleanup.PauseQueueResponse> {
  return async ({ queue, reason }, context) => {
    const name = readQueue('queue', queue);
    checkReason(reason, 0);
    const audit = createAudit(dependencies, context);
    try {
      await reachQueue(() => dependencies.queues.pause(name, reason));
    } catch (error) {
      audit.steeredPerhaps('paused', name, error, reason);
      throw error;
    }
    audit.steered('paused', name, reason);
    return { queue: await statsOf(dependencies, name) };
  };
}

/** Lets workers take jobs off a queue again. */
export function createResumeQueue(
  dependencies: Steering,
): UnaryHandler<cleanup.ResumeQueueRequest, cleanup.ResumeQueueResponse> {
  return async ({ queue }, context) => {
    const name = readQueue('queue', queue);
    const audit = createAudit(dependencies, context);
    try {
      await reachQueue(() => dependencies.queues.resume(name));
    } catch (error) {
      audit.steeredPerhaps('resumed', name, error);
      throw error;
    }
    audit.steered('resumed', name);
    return { queue: await statsOf(dependencies, name) };
  };
}

async function statsOf(
  dependencies: Steering,
  name: CleanupQueueName,
): Promise<cleanup.QueueStats | undefined> {
  const stats = await statsMessages(dependencies);
  return stats.find(({ queue }) => queue === queueMessage(name));
}
