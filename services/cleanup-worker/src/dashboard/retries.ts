import type { CleanupConsumer } from '@holdfast/domain';
import { queueOfDeadLetter } from '@holdfast/queue-bullmq';
import type { LogFields, Logger } from '@holdfast/service-kit';
import { Hono } from 'hono';
import { isRetriable, type BoardQueue } from './board-queues.js';
import {
  addressOf,
  refuse,
  type DashboardContext,
  type DashboardEnvironment,
} from './dashboard-environment.js';

export interface RetryDependencies {
  readonly boards: readonly BoardQueue[];
  readonly deadLetters: Pick<CleanupConsumer, 'retryDeadLetter'>;
  readonly logger: Logger;
}

/** Of one request. The page says how many are left, and can be asked again. */
const retriesMax = 1_000;
const retriesAtOnce = 32;
const retryAllMsMax = 3_000;

/**
 * All that can be done from the page, at the paths where bull-board's buttons expect it. A retry gives
 * a dead letter a fresh set of attempts, as the one of the CleanupService does. Nothing is removed here:
 * a letter that is only taken off the queue comes back with the next recovery of its change, and giving a
 * change up needs a reason.
 */
export function createRetries(dependencies: RetryDependencies): Hono<DashboardEnvironment> {
  const { boards } = dependencies;
  const findQueue = (name: string): BoardQueue | undefined =>
    boards.find((queue) => queue.name === name && isRetriable(name));

  return new Hono<DashboardEnvironment>()
    .put('/queues/:queue/retry/failed', (context) => {
      const queue = findQueue(context.req.param('queue'));
      if (queue === undefined) return refuse(context, 404, 'no queue with dead letters');
      return retryAll(context, queue, dependencies);
    })
    .put('/queues/:queue/:job/retry', (context) => {
      const queue = findQueue(context.req.param('queue'));
      if (queue === undefined) return refuse(context, 404, 'no queue with dead letters');
      return retryOne(context, queue, context.req.param('job'), dependencies);
    });
}

async function retryOne(
  context: DashboardContext,
  queue: BoardQueue,
  jobId: string,
  { deadLetters, logger }: RetryDependencies,
): Promise<Response> {
  const audit = createAudit(context, logger, { action: 'retry', queue: queue.name, jobId });
  try {
    const state = await queue.getJobState(jobId);
    if (state !== 'failed') {
      audit({ outcome: 'refused', state });
      return refuse(context, 404, `no dead letter: the job is ${state}`);
    }
    const outcome = await deadLetters.retryDeadLetter(letterOf(queue, jobId));
    audit({ outcome });
    if (outcome === 'retried') return context.body(null, 204);
    return refuse(context, 404, 'no dead letter any more');
  } catch (cause) {
    audit({ outcome: 'failed', cause });
    return refuse(context, 500, 'the job may or may not be retried: the log says why');
  }
}

async function retryAll(
  context: DashboardContext,
  queue: BoardQueue,
  { deadLetters, logger }: RetryDependencies,
): Promise<Response> {
  const audit = createAudit(context, logger, { action: 'retry-all', queue: queue.name });
  const until = performance.now() + retryAllMsMax;
  let retried = 0;
  try {
    const total = await queue.getFailedCount();
    const jobIds = await queue.getRanges(['failed'], 0, retriesMax - 1, true);
    for (let at = 0; at < jobIds.length && performance.now() < until; at += retriesAtOnce) {
      const some = jobIds.slice(at, at + retriesAtOnce);
      const outcomes = await Promise.all(
        some.map((jobId) => deadLetters.retryDeadLetter(letterOf(queue, jobId))),
      );
      retried += outcomes.filter((outcome) => outcome === 'retried').length;
    }
    audit({ outcome: 'retried', retried });
    return context.json({ retried, skipped: Math.max(0, total - retried) });
  } catch (cause) {
    audit({ outcome: 'failed', retried, cause });
    return refuse(context, 500, `${retried} jobs are retried, then it failed: the log says why`);
  }
}

/** The page knows jobs by their queue and their id in it. */
function letterOf({ name }: BoardQueue, jobId: string): string {
  return queueOfDeadLetter(jobId) === name ? jobId : `${name}/${jobId}`;
}

/** A line that is not lost to a level: who did what to which job, and what came of it. */
function createAudit(
  context: DashboardContext,
  logger: Logger,
  action: LogFields,
): (outcome: LogFields) => void {
  const who = { user: context.get('user'), address: addressOf(context) };
  return (outcome) =>
    logger.warn({ audit: true, ...who, ...action, ...outcome }, 'an action on the dashboard');
}
