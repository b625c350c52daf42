import type { CleanupJob, CleanupProducer } from '../ports/cleanup-queue.js';
import type { Clock } from '../ports/clock.js';

/** So many jobs are on their way to the queue at once. */
const enqueuesAtOnceMax = 100;

/** Puts jobs on the queue, for now. Rejects at the first that it refuses; some may be there by then. */
export async function enqueueJobs(
  jobs: readonly CleanupJob[],
  { producer, clock }: { readonly producer: CleanupProducer; readonly clock: Clock },
  signal: AbortSignal,
): Promise<void> {
  for (let begin = 0; begin < jobs.length; begin += enqueuesAtOnceMax) {
    signal.throwIfAborted();
    const some = jobs.slice(begin, begin + enqueuesAtOnceMax);
    await Promise.all(some.map((job) => producer.enqueue(job, clock.now())));
  }
}
