import type { cleanup } from '@holdfast/contracts';
import { parseStoragePrefix, type DeadLetter, type Timestamp } from '@holdfast/domain';
import type { CleanupQueueName } from '@holdfast/queue-bullmq';
import { invalidField } from '@holdfast/rpc';
import { queueOf, readAnyQueue } from './queue-messages.js';
import { readEnqueuedBy } from './request-bounds.js';

/** Which dead letters are meant: those that all fields agree with. */
export interface LetterFilter {
  readonly queue?: CleanupQueueName | undefined;
  readonly reason?: string | undefined;
  readonly enqueuedBy?: Timestamp | undefined;
  /** A letter does not show it: what it is about has to be looked up. */
  readonly usecase?: string | undefined;
}

const reasonPattern = /^[A-Z][A-Z0-9_]{0,63}$/;

/**
 * What no letter can match is refused, so that nobody takes a slip for good news. `field` is where the
 * request has the filter.
 */
export function readFilter(
  field: string,
  message: cleanup.DeadLetterFilter | undefined,
): LetterFilter {
  if (message === undefined) return {};
  const { reason, usecase } = message;
  if (reason !== undefined && !reasonPattern.test(reason)) {
    const why = 'must be 1 to 64 of A-Z 0-9 _ and begin with a letter';
    throw invalidField('INVALID_SELECTION', `${field}.reason`, why);
  }
  if (usecase !== undefined) checkUsecase(`${field}.usecase`, usecase);
  return {
    queue: readAnyQueue(`${field}.queue`, message.queue),
    reason,
    enqueuedBy: readEnqueuedBy(`${field}.enqueued_by`, message.enqueuedBy),
    usecase,
  };
}

function checkUsecase(field: string, usecase: string): void {
  try {
    parseStoragePrefix({ usecase, scopes: [] });
  } catch (cause) {
    const why = 'must be 1 to 64 of A-Z a-z 0-9 _ - and begin with a letter or digit';
    throw invalidField('INVALID_SELECTION', field, why, { cause });
  }
}

/** Whether all but the usecase agree, which is told without asking anybody. */
export function isShownToMatch(filter: LetterFilter, letter: DeadLetter): boolean {
  const { queue, reason, enqueuedBy } = filter;
  return (
    (queue === undefined || queue === queueOf(letter)) &&
    (reason === undefined || reason === letter.reason) &&
    (enqueuedBy === undefined || letter.timeFirstEnqueued <= enqueuedBy)
  );
}
