import { cleanupQueueNames, queueNames, type CleanupQueueName } from './queue-names.js';

/*
 * The id of a dead letter names its queue, too. That of a job that was made here is the id of the job;
 * any other job's id follows the name of its queue.
 */

const ownPrefixes: Readonly<Record<CleanupQueueName, string>> = {
  [queueNames.settle]: 'change-',
  [queueNames.reclaim]: 'blob-',
};

export interface LetterPlace {
  readonly queue: CleanupQueueName;
  readonly jobId: string;
}

export function letterIdOf(queue: CleanupQueueName, jobId: string): string {
  return jobId.startsWith(ownPrefixes[queue]) ? jobId : `${queue}/${jobId}`;
}

/** `undefined` for an id that no letter has. */
export function placeOfLetter(id: string): LetterPlace | undefined {
  for (const queue of cleanupQueueNames) {
    if (id.startsWith(ownPrefixes[queue])) return { queue, jobId: id };
    const jobId = id.startsWith(`${queue}/`) ? id.slice(queue.length + 1) : '';
    if (jobId !== '' && letterIdOf(queue, jobId) === id) return { queue, jobId };
  }
  return undefined;
}

/** The queue of the dead letter of this id; `undefined` for an id that no letter has. */
export function queueOfDeadLetter(id: string): CleanupQueueName | undefined {
  return placeOfLetter(id)?.queue;
}
