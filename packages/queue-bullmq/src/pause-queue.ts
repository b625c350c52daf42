import type { JobQueue } from './open-queue.js';

/** Kept with the queue's own settings, beside BullMQ's. */
const reasonField = 'pausedFor';

/** Stops all workers of all processes from taking jobs until it is resumed. */
export async function pauseQueue(queue: JobQueue, reason: string): Promise<void> {
  // First, so that a pause is never without its reason.
  await queue.getBackend().setQueueMeta({ [reasonField]: reason });
  await queue.pause();
}

/** Why it is paused, which is empty when nobody said; `undefined` when it is not. */
export async function readPause(queue: JobQueue): Promise<string | undefined> {
  const [paused, reason] = await queue.getBackend().getQueueMetaFields(['paused', reasonField]);
  return typeof paused === 'string' ? (reason ?? '') : undefined;
}

/** Whoever resumes it, a reason that is over is not shown again at the next pause. */
export function forgetReasonOnResume(queue: JobQueue): void {
  queue.on('resumed', () => {
    // A reason that stays is shown once too often, and no more.
    queue
      .getBackend()
      .removeQueueMetaFields([reasonField])
      .catch(() => undefined);
  });
}
