import { CleanupFailure } from '@holdfast/domain';

/* A failure as a queue keeps and a dashboard shows it: `REASON: message`. */

const reasonText = /^[A-Z][A-Z0-9_]{0,63}$/;
const failureText = /^(?<reason>[A-Z][A-Z0-9_]{0,63}): (?<message>[\s\S]*)$/;
const messageCharactersMax = 1_000;

const internalReason = 'INTERNAL';
export const unknownJobReason = 'UNKNOWN_JOB';
export const claimLapsedReason = 'CLAIM_LAPSED';

export function formatFailure(error: unknown): string {
  const reason = error instanceof CleanupFailure ? error.reason : internalReason;
  const message = error instanceof Error ? error.message : String(error);
  // The cut may part a surrogate pair.
  const text = message.slice(0, messageCharactersMax).toWellFormed();
  return `${reasonText.test(reason) ? reason : internalReason}: ${text}`;
}

export interface FailureParts {
  readonly reason: string;
  readonly message: string;
}

/** The inverse. What the queue itself says of a job has no reason in front. */
export function parseFailure(text: string): FailureParts {
  const { reason, message } = failureText.exec(text)?.groups ?? {};
  if (reason === undefined || message === undefined) {
    return { reason: internalReason, message: text.slice(0, messageCharactersMax).toWellFormed() };
  }
  return { reason, message };
}
