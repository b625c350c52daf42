import type { ErrorDetail, PreconditionFailed } from '@holdfast/domain';
import type { FieldViolation } from './field-violation.js';

/** What a caller is told of a fault of the domain, beside its code and reason. */
export interface DomainStatus {
  readonly message: string;
  readonly info?: Readonly<Record<string, string>>;
  readonly violations?: readonly FieldViolation[];
}

/**
 * What stores say about themselves (paths, addresses, errors of the system) stays out of it: the
 * operators find it in the log.
 */
export function domainStatus(detail: ErrorDetail): DomainStatus {
  switch (detail.code) {
    case 'INVALID_OBJECT_ID':
    case 'INVALID_METADATA':
    case 'INVALID_EXPIRATION':
    case 'INVALID_RANGE':
    case 'INVALID_CONDITION':
    case 'INVALID_PAGE':
    case 'INVALID_LIMIT':
      return wrongField(detail.field, `${detail.allowed}; given ${detail.given}`);
    case 'CONTENT_MISMATCH':
      return wrongField(detail.field, detail.why);
    case 'PAYLOAD_TOO_LARGE':
      return wrongField(detail.field, `an object has at most ${detail.bytesMax} bytes`);
    case 'RANGE_NOT_SATISFIABLE':
      return {
        message: `the range lies outside of the object's ${detail.size} bytes`,
        info: { size: String(detail.size) },
      };
    case 'CHECKSUM_MISMATCH':
      return { message: 'the stored bytes are not the bytes that were written' };
    case 'UNREADABLE':
      return { message: 'what is stored was not written by a version that this one understands' };
    case 'OUTCOME_UNKNOWN':
      return { message: 'the storage did not answer: the write may or may not take effect' };
    case 'TIER_UNAVAILABLE':
      return { message: 'the storage is unavailable: nothing was done' };
    case 'STORAGE_FULL':
      return { message: 'the storage has no space left: nothing was done' };
    case 'CLOCK_SKEWED':
      return {
        message: `the clocks of the sweeper and of the store are ${detail.skewMs} ms apart, more than the ${detail.skewMsMax} ms allowed`,
        info: { skew_ms: String(detail.skewMs), skew_ms_max: String(detail.skewMsMax) },
      };
    case 'CANCELLED':
      return { message: 'the caller went away before its upload was complete' };
    case 'SHUTTING_DOWN':
      return { message: 'the server is shutting down: nothing was done' };
  }
}

/** The words for a condition that failed. */
export function preconditionText(outcome: PreconditionFailed): DomainStatus {
  const info: Record<string, string> =
    outcome.current === undefined ? {} : { revision: outcome.current };
  switch (outcome.reason) {
    case 'OBJECT_EXISTS':
      return { message: 'there is such an object already', info };
    case 'REVISION_MISMATCH':
      return { message: 'the object is not at the revision asked for', info };
  }
}

function wrongField(field: string, description: string): DomainStatus {
  return { message: `${field}: ${description}`, violations: [{ field, description }] };
}
