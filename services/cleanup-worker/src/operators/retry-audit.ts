import type { Audit, RetryTerms } from './audit.js';

/** A line of the log has room for so many ids. */
const lettersMax = 60;

/** Writes down which letters were retried, many on a line, as it goes on. */
export interface RetryAudit {
  retried(id: string): void;
  /** It was asked for, and the answer is not known. */
  unknown(id: string, error: unknown): void;
  /** Writes down what is left. */
  end(): void;
}

export function createRetryAudit(
  audit: Pick<Audit, 'retried' | 'retriedPerhaps'>,
  terms: RetryTerms,
): RetryAudit {
  const retried: string[] = [];
  const unknown: string[] = [];
  let firstError: unknown;

  function writeRetried(): void {
    if (retried.length > 0) audit.retried(retried.splice(0), terms);
  }

  function writeUnknown(): void {
    if (unknown.length > 0) audit.retriedPerhaps(unknown.splice(0), terms, firstError);
    firstError = undefined;
  }

  return {
    retried(id) {
      retried.push(id);
      if (retried.length === lettersMax) writeRetried();
    },
    unknown(id, error) {
      firstError ??= error;
      unknown.push(id);
      if (unknown.length === lettersMax) writeUnknown();
    },
    end() {
      writeRetried();
      writeUnknown();
    },
  };
}
