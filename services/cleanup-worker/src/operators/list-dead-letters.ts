import type { cleanup } from '@holdfast/contracts';
import { parsePageSize, parsePageToken, type DeadLetter, type Timestamp } from '@holdfast/domain';
import type { UnaryHandler } from '@holdfast/rpc';
import type { OperatorDependencies } from './dependencies.js';
import { letterStepMax, matchingPage } from './find-letters.js';
import { readFilter } from './letter-filter.js';
import { lookUpSubjects, type LetterSubject } from './letter-subjects.js';
import { queueMessage, queueOf } from './queue-messages.js';

const tokenFormat = 'letters-1:';
const errorCharactersMax = 1_000;

/** How long the store may take to tell what letters are about before they are listed without it. */
const lookUpMsMax = 5_000;

/** Lists dead letters, with what the store knows of what they are about. */
export function createListDeadLetters(
  dependencies: Pick<OperatorDependencies, 'queues' | 'store' | 'logger'>,
): UnaryHandler<cleanup.ListDeadLettersRequest, cleanup.ListDeadLettersResponse> {
  const { store, logger } = dependencies;
  return async (request, { signal, method, requestId }) => {
    const filter = readFilter('filter', request.filter);
    const pageSize = parsePageSize(request.pageSize === 0 ? undefined : request.pageSize);
    const cursor = parsePageToken(request.pageToken || undefined, tokenFormat);
    const limit = Math.min(pageSize, letterStepMax);
    const page = await matchingPage(dependencies, filter, { cursor, limit }, signal);
    const patience = AbortSignal.any([signal, AbortSignal.timeout(lookUpMsMax)]);
    const subjects = page.subjects ?? (await lookUpSubjects(store, page.letters, patience));
    signal.throwIfAborted();
    if (subjects.failure !== undefined) {
      const fields = { method, requestId, error: subjects.failure };
      logger.warn(fields, 'dead letters are listed without what the store knows of them');
    }
    return {
      deadLetters: page.letters.map((letter) => letterMessage(letter, subjects.of(letter))),
      nextPageToken: page.next === undefined ? '' : tokenFormat + page.next,
    };
  };
}

function letterMessage(letter: DeadLetter, subject: LetterSubject): cleanup.DeadLetter {
  const { id, job, timeFirstEnqueued, timeLastAttempt, attempts, reason, lastError } = letter;
  return {
    id,
    queue: queueMessage(queueOf(letter)),
    subject: subjectMessage(job),
    objectId: subject.objectId,
    blobs: subject.blobs,
    bytes: subject.bytes ?? 0n,
    timeFirstEnqueued: dateOf(timeFirstEnqueued),
    timeLastAttempt: dateOf(timeLastAttempt),
    attempts,
    reason,
    // The cut may part the two halves of a character, which no message carries.
    lastError: lastError.slice(0, errorCharactersMax).toWellFormed(),
  };
}

/** Others than this version may put jobs on a queue, and a time that is none must not hide a letter. */
function dateOf(time: Timestamp): Date | undefined {
  const date = new Date(time);
  return Number.isNaN(date.getTime()) ? undefined : date;
}

function subjectMessage(job: DeadLetter['job']): cleanup.DeadLetter['subject'] {
  switch (job?.kind) {
    case 'settle-change':
      return { $case: 'changeId', value: job.changeId };
    case 'reclaim-blob':
      return { $case: 'blob', value: job.blob };
    case undefined:
      return undefined;
  }
}
