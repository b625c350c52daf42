/** The input was wrong. `field` names the part of the request as the API spells it. */
export type InvalidInputCode =
  | 'INVALID_OBJECT_ID'
  | 'INVALID_METADATA'
  | 'INVALID_EXPIRATION'
  | 'INVALID_RANGE'
  | 'INVALID_CONDITION'
  | 'INVALID_PAGE'
  | 'INVALID_LIMIT';

export type ErrorDetail =
  | {
      readonly code: InvalidInputCode;
      readonly field: string;
      readonly given: string;
      readonly allowed: string;
    }
  /** A range that is well formed but lies outside of the object. */
  | { readonly code: 'RANGE_NOT_SATISFIABLE'; readonly size: number }
  /** What was sent is not what its sender declared. Nothing was stored. */
  | { readonly code: 'CONTENT_MISMATCH'; readonly field: string; readonly why: string }
  /** It was refused as soon as it had grown too large. Nothing was stored. */
  | { readonly code: 'PAYLOAD_TOO_LARGE'; readonly field: string; readonly bytesMax: number }
  /** Stored bytes are not the bytes that were written. */
  | {
      readonly code: 'CHECKSUM_MISMATCH';
      readonly what: string;
      readonly why: string;
      /** There are more or fewer bytes than were written. */
      readonly wrongSize?: true;
    }
  /** A row, file or entry that this version cannot read. It is kept, never guessed at. */
  | { readonly code: 'UNREADABLE'; readonly what: string; readonly why: string }
  /** The write may take effect now, later or never: the store did not answer. */
  | { readonly code: 'OUTCOME_UNKNOWN' }
  /** The operation had no effect because a store did not do its part; it may be retried. */
  | { readonly code: 'TIER_UNAVAILABLE'; readonly tier: string; readonly why: string }
  /** The store has no space left. Nothing was stored; what was stored before is intact. */
  | { readonly code: 'STORAGE_FULL'; readonly tier: string }
  /** Two clocks are too far apart for what depends on both. Nothing was done. */
  | { readonly code: 'CLOCK_SKEWED'; readonly skewMs: number; readonly skewMsMax: number }
  /** The caller went away before its upload was complete. Nothing was stored. */
  | { readonly code: 'CANCELLED' }
  | { readonly code: 'SHUTTING_DOWN' };

export type ErrorCode = ErrorDetail['code'];

/** A fault, with a machine-readable code and its data. Expected outcomes are return values instead. */
export class DomainError extends Error {
  override readonly name = 'DomainError';
  readonly detail: ErrorDetail;

  constructor(detail: ErrorDetail, options?: { readonly cause: unknown }) {
    super(describe(detail), options);
    this.detail = detail;
  }

  get code(): ErrorCode {
    return this.detail.code;
  }
}

/** How much of a wrong value an error repeats. */
const givenCharactersMax = 80;

export function invalid(
  code: InvalidInputCode,
  field: string,
  given: unknown,
  allowed: string,
): DomainError {
  const spelled = typeof given === 'string' ? quoted(given) : String(given);
  // The cut may part a surrogate pair, which no transport would carry.
  const text = spelled.slice(0, givenCharactersMax).toWellFormed();
  return new DomainError({ code, field, given: text, allowed });
}

/** On one line, fit for logs: JSON escapes control characters of C0, but not DEL and C1. */
function quoted(text: string): string {
  return JSON.stringify(text).replaceAll(
    /[\u007f-\u009f]/g,
    (character) => `\\u00${character.charCodeAt(0).toString(16)}`,
  );
}

export function hasCode(error: unknown, code: ErrorCode): error is DomainError {
  return error instanceof DomainError && error.code === code;
}

function describe(detail: ErrorDetail): string {
  switch (detail.code) {
    case 'INVALID_OBJECT_ID':
    case 'INVALID_METADATA':
    case 'INVALID_EXPIRATION':
    case 'INVALID_RANGE':
    case 'INVALID_CONDITION':
    case 'INVALID_PAGE':
    case 'INVALID_LIMIT':
      return `${detail.field}: ${detail.allowed}; given ${detail.given}`;
    case 'RANGE_NOT_SATISFIABLE':
      return `the range lies outside of the object's ${detail.size} bytes`;
    case 'CONTENT_MISMATCH':
      return `${detail.field}: ${detail.why}`;
    case 'PAYLOAD_TOO_LARGE':
      return `${detail.field}: an object has at most ${detail.bytesMax} bytes`;
    case 'CHECKSUM_MISMATCH':
      return `${detail.what} is damaged: ${detail.why}`;
    case 'UNREADABLE':
      return `${detail.what} cannot be read: ${detail.why}`;
    case 'OUTCOME_UNKNOWN':
      return 'the store did not answer: the write may or may not take effect';
    case 'TIER_UNAVAILABLE':
      return `${detail.tier} is unavailable: ${detail.why}`;
    case 'STORAGE_FULL':
      return `${detail.tier} has no space left`;
    case 'CLOCK_SKEWED':
      return `the clocks are ${detail.skewMs} ms apart, more than ${detail.skewMsMax} ms`;
    case 'CANCELLED':
      return 'the caller went away before its upload was complete';
    case 'SHUTTING_DOWN':
      return 'the store is shutting down';
  }
}
