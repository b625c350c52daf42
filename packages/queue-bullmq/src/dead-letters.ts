import type { CleanupConsumer, Timestamp } from '@holdfast/domain';
import { ErrorCode, Job, type MinimalJob } from 'bullmq';
import type { AskRedis } from './ask-redis.js';
import type { RedisClient } from './connect-redis.js';
import { noteRetryDue } from './dead-letter-due-time.js';
import { placeOfLetter } from './dead-letter-id.js';
import { lookUpDeadLetters } from './dead-letter-lookup.js';
import { readDeadLetterPage } from './dead-letter-page.js';
import { decodeStoredJob, encodeJob } from './job-codec.js';
import type { JobQueue } from './open-queue.js';
import { cleanupQueueNames, type CleanupQueueName } from './queue-names.js';
import { removeFinished } from './remove-finished.js';

export type DeadLetters = Omit<CleanupConsumer, 'work'>;

/** What BullMQ calls failed jobs. */
export function createDeadLetters(
  client: RedisClient,
  queueOf: (name: CleanupQueueName) => JobQueue,
  ask: AskRedis,
): DeadLetters {
  const queues = cleanupQueueNames.map((name) => ({ name, queue: queueOf(name) }));

  /**
   * 1. Note in the job before when it must not run, which is for workers to put it off until then, and
   * since when it could, which is for the counts. 2. Put it back among the waiting, which is done or not
   * done as a whole. Who stops between the two leaves a dead letter.
   */
  async function retry(id: string, notBefore: Timestamp | undefined): Promise<boolean> {
    const place = placeOfLetter(id);
    if (place === undefined) return false;
    const { jobId } = place;
    const queue = queueOf(place.queue);
    if ((await client.zscore(queue.toKey('failed'), jobId)) === null) return false;
    await noteNotBefore(place.queue, jobId, notBefore);
    await noteRetryDue(client, queue, jobId, notBefore);
    return orAbsent(() =>
      queue.getBackend().retryFinishedJob(minimalJob(queue, jobId), 'failed', {
        resetAttemptsMade: true,
        resetAttemptsStarted: true,
      }),
    );
  }

  async function noteNotBefore(
    name: CleanupQueueName,
    jobId: string,
    notBefore: Timestamp | undefined,
  ): Promise<void> {
    const queue = queueOf(name);
    const [kind, text] = await client.hmget(queue.toKey(jobId), 'name', 'data');
    const stored = decodeStoredJob(name, kind ?? '', text ?? '');
    // What cannot be read fails again, and may do so at once.
    if (stored === undefined || stored.notBefore === notBefore) return;
    const { data } = encodeJob(stored.job);
    await orAbsent(() =>
      queue
        .getBackend()
        .updateData(
          minimalJob(queue, jobId),
          notBefore === undefined ? data : { ...data, notBefore },
        ),
    );
  }

  return {
    listDeadLetters: (cursor, limit) =>
      ask(() => readDeadLetterPage(client, queues, cursor, limit)),

    findDeadLetters: (ids) => ask(() => lookUpDeadLetters(client, queues, ids)),

    retryDeadLetter: (id, notBefore) =>
      ask(async () => ((await retry(id, notBefore)) ? 'retried' : 'absent')),

    discardDeadLetter: (id) =>
      ask(async () => {
        const place = placeOfLetter(id);
        if (place === undefined) return 'absent';
        const queue = queueOf(place.queue);
        const removed = await removeFinished(client, queue, 'failed', [place.jobId]);
        return removed > 0 ? 'discarded' : 'absent';
      }),
  };
}

/** All that the backend reads of a job that is in Redis. */
function minimalJob(queue: JobQueue, id: string): MinimalJob<unknown> {
  return new Job(queue, '', undefined, {}, id);
}

/** Whether it was done; it is not when the job is not there, or not a dead letter any more. */
async function orAbsent(act: () => Promise<void>): Promise<boolean> {
  try {
    await act();
    return true;
  } catch (error) {
    if (isGone(error)) return false;
    throw error;
  }
}

function isGone(error: unknown): boolean {
  const code = error instanceof Error && 'code' in error ? error.code : undefined;
  return code === ErrorCode.JobNotExist || code === ErrorCode.JobNotInState;
}
