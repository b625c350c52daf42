import type { object } from '@holdfast/contracts';
import type { DeadLetter } from '@holdfast/domain';
import type { CleanupQueueName } from '@holdfast/queue-bullmq';
import type { CallContext } from '@holdfast/rpc';
import type { OperatorDependencies } from './dependencies.js';
import type { LetterSelection } from './letter-selection.js';
import type { LetterSubject } from './letter-subjects.js';
import type { LetterTally } from './letter-tally.js';

/** What is written down of what an operator wants: who, why, and what came of it. */
export interface Audit {
  retried(selection: LetterSelection, spreadMs: number, tally: LetterTally): void;
  /** The letter is off its queue, and a change with it off the log. */
  discarded(letter: DeadLetter, subject: LetterSubject, reason: string): void;
  /** The change is off the log, its letter is not off its queue. */
  halfDiscarded(letter: DeadLetter, subject: LetterSubject, reason: string, error: unknown): void;
  paused(queue: CleanupQueueName, reason: string): void;
  resumed(queue: CleanupQueueName): void;
}

export function createAudit(
  { logger }: Pick<OperatorDependencies, 'logger'>,
  { requestId, peer }: CallContext,
): Audit {
  const who = { audit: true, requestId, peer };
  return {
    retried(selection, spreadMs, tally) {
      const [retried, failed] = [tally.doneCount(), tally.failedCount()];
      if (retried === 0) return;
      const what = selection.kind === 'ids' ? { ids: selection.ids } : { filter: selection.filter };
      logger.warn({ ...who, ...what, spreadMs, retried, failed }, 'dead letters were retried');
    },
    discarded(letter, subject, reason) {
      const fields = { ...who, ...discardFields(letter, subject), reason };
      logger.warn(fields, 'a dead letter was discarded');
    },
    halfDiscarded(letter, subject, reason, error) {
      const fields = { ...who, ...discardFields(letter, subject), reason, error };
      logger.warn(fields, 'a change was discarded, and its dead letter is still there');
    },
    paused: (queue, reason) => logger.warn({ ...who, queue, reason }, 'a queue was paused'),
    resumed: (queue) => logger.warn({ ...who, queue }, 'a queue was resumed'),
  };
}

function discardFields(letter: DeadLetter, { objectId, blobs, bytes }: LetterSubject) {
  const { id, job, reason, attempts, timeFirstEnqueued } = letter;
  return {
    letter: id,
    changeId: job?.kind === 'settle-change' ? job.changeId : undefined,
    object: objectId && pathOf(objectId),
    blobs,
    bytes,
    failedFor: reason,
    attempts,
    timeFirstEnqueued: new Date(timeFirstEnqueued),
  };
}

/** As everywhere in the logs: the storage path. */
function pathOf({ usecase, scopes, key }: object.ObjectId): string {
  const segments = scopes.map(({ name, value }) => `${name}.${value}/`);
  return `${usecase}/${segments.join('')}objects/${key}`;
}
