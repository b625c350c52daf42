import type { object } from '@holdfast/contracts';
import type { DeadLetter } from '@holdfast/domain';
import type { CleanupQueueName } from '@holdfast/queue-bullmq';
import type { CallContext } from '@holdfast/rpc';
import type { LogFields } from '@holdfast/service-kit';
import type { OperatorDependencies } from './dependencies.js';
import type { LetterSelection } from './letter-selection.js';
import type { LetterSubject } from './letter-subjects.js';

/** How letters were to be retried. */
export interface RetryTerms {
  readonly selection: LetterSelection;
  readonly spreadMs: number;
}

/** A letter to discard, what it is about, and why. */
export interface DiscardTerms {
  readonly letter: DeadLetter;
  readonly subject: LetterSubject;
  readonly reason: string;
}

/** What an operator may do with a queue. */
export type Steered = 'paused' | 'resumed';

/**
 * What is written down of what an operator wants: who, why, and what came of it. That is not known where
 * the queues were asked and did not answer in time: they may have done it, or may yet.
 */
export interface Audit {
  /** So many letters as a line has room for. */
  retried(letters: readonly string[], terms: RetryTerms): void;
  retriedPerhaps(letters: readonly string[], terms: RetryTerms, error: unknown): void;
  /** The letter is off its queue, and a change with it off the log. */
  discarded(terms: DiscardTerms): void;
  /** The change is off the log, and nobody has asked for its letter. */
  halfDiscarded(terms: DiscardTerms, error: unknown): void;
  /** `isGivenUp`: there was a change, and it is off the log. */
  discardedPerhaps(terms: DiscardTerms, isGivenUp: boolean, error: unknown): void;
  steered(what: Steered, queue: CleanupQueueName, reason?: string): void;
  steeredPerhaps(what: Steered, queue: CleanupQueueName, error: unknown, reason?: string): void;
}

export function createAudit(
  { logger }: Pick<OperatorDependencies, 'logger'>,
  { requestId, peer }: CallContext,
): Audit {
  const write = (fields: LogFields, message: string): void =>
    logger.warn({ audit: true, requestId, peer, ...fields }, message);
  return {
    retried: (letters, terms) => write(retryFields(letters, terms), 'dead letters were retried'),
    retriedPerhaps: (letters, terms, error) =>
      write(
        { ...retryFields(letters, terms), error },
        'dead letters may have been retried: outcome unknown',
      ),
    discarded: (terms) => write(discardFields(terms), 'a dead letter was discarded'),
    halfDiscarded: (terms, error) =>
      write(
        { ...discardFields(terms), error },
        'a change was discarded, and its dead letter is still there',
      ),
    discardedPerhaps: (terms, isGivenUp, error) =>
      write(
        { ...discardFields(terms), error },
        isGivenUp
          ? 'a change was discarded, and its dead letter may still be there: outcome unknown'
          : 'a dead letter may have been discarded: outcome unknown',
      ),
    steered: (what, queue, reason) => write({ queue, reason }, `a queue was ${what}`),
    steeredPerhaps: (what, queue, error, reason) =>
      write({ queue, reason, error }, `a queue may have been ${what}: outcome unknown`),
  };
}

function retryFields(letters: readonly string[], { selection, spreadMs }: RetryTerms) {
  const filter = selection.kind === 'filter' ? selection.filter : undefined;
  return { letters, filter, spreadMs };
}

function discardFields({ letter, subject, reason: because }: DiscardTerms) {
  const { objectId, blobs, bytes } = subject;
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
    reason: because,
  };
}

/** As everywhere in the logs: the storage path. */
function pathOf({ usecase, scopes, key }: object.ObjectId): string {
  const segments = scopes.map(({ name, value }) => `${name}.${value}/`);
  return `${usecase}/${segments.join('')}objects/${key}`;
}
