import type { Timestamp } from '@holdfast/domain';
import type { RedisClient } from './connect-redis.js';
import type { JobQueue } from './open-queue.js';

/** Kept with the job, beside BullMQ's fields, and gone with it. */
export const retryDueField = 'retryDueOn';

/** A job that is gone meanwhile must not come back as one that has nothing but this field. */
const script = `
if redis.call('EXISTS', KEYS[1]) == 1 then
  redis.call('HSET', KEYS[1], ARGV[1], ARGV[2])
end
return 0`;

/**
 * Notes since when a retried job could run. BullMQ forgets when it was last tried as it puts it back, and
 * nothing else that it knows of the job is younger than its death.
 */
export async function noteRetryDue(
  client: RedisClient,
  queue: JobQueue,
  jobId: string,
  notBefore: Timestamp | undefined,
): Promise<void> {
  // As all of BullMQ's times of jobs, by the clock of this machine.
  const due = Math.max(Date.now(), notBefore ?? 0);
  await client.eval(script, 1, queue.toKey(jobId), retryDueField, due);
}
