import { DomainError } from '@holdfast/domain';

/** How errors name this tier. */
const tierName = 'Cloud Storage';

/** How much of what a server says about an error is repeated. */
const saidCharactersMax = 300;

/** An attempt that failed for what may be over soon: a lost connection, a busy server. */
export class PassingFailure extends Error {
  override readonly name = 'PassingFailure';
  readonly retryAfterMs: number;

  constructor(why: string, options?: { readonly cause?: unknown; readonly retryAfterMs?: number }) {
    super(why, { cause: options?.cause });
    this.retryAfterMs = options?.retryAfterMs ?? 0;
  }
}

export function unavailable(why: string, cause?: unknown): DomainError {
  return new DomainError({ code: 'TIER_UNAVAILABLE', tier: tierName, why }, { cause });
}

/** An object that is not ours, or of a format that this version does not know. */
export function unreadable(what: string, why: string, cause?: unknown): DomainError {
  return new DomainError({ code: 'UNREADABLE', what, why }, { cause });
}

/** An object of ours that is not what was written. */
export function damaged(what: string, why: string): DomainError {
  return new DomainError({ code: 'CHECKSUM_MISMATCH', what, why });
}

export interface RefusedAnswer {
  readonly status: number;
  readonly body: Uint8Array;
}

/** The one place that says what an answer means that the caller of a request did not expect. */
export function refusal(what: string, answer: RefusedAnswer): DomainError {
  const said = saidBy(answer);
  switch (answer.status) {
    case 401:
      return unavailable(`${what}: the credentials are not accepted: ${said}`);
    case 403:
      return unavailable(`${what}: it is not allowed: ${said}`);
    case 404:
      return unavailable(`${what}: the bucket is missing: ${said}`);
    default:
      return unavailable(`${what}: unexpected status ${answer.status}: ${said}`);
  }
}

/** Reasons of a 403 that is none: too much was asked for at once. */
const rateReasons: ReadonlySet<unknown> = new Set(['rateLimitExceeded', 'userRateLimitExceeded']);

export function isRateLimited({ status, body }: RefusedAnswer): boolean {
  if (status !== 403) return false;
  const errors = errorIn(textOf(body))?.['errors'];
  return (
    Array.isArray(errors) &&
    errors.some((error: unknown) => isRecord(error) && rateReasons.has(error['reason']))
  );
}

/** What an answer says of itself, on one line. */
export function saidBy({ body }: RefusedAnswer): string {
  const text = textOf(body);
  const message = errorIn(text)?.['message'];
  const said = typeof message === 'string' ? message : text;
  const line = said.replaceAll(/[\s\p{Cc}]+/gu, ' ').trim();
  return line === '' ? 'it says nothing more' : line.slice(0, saidCharactersMax).toWellFormed();
}

function textOf(body: Uint8Array): string {
  return Buffer.from(body.buffer, body.byteOffset, body.byteLength).toString('utf8');
}

/** `{"error": {…}}`, as the JSON API answers. A download answers errors as plain text. */
function errorIn(text: string): Readonly<Record<string, unknown>> | undefined {
  try {
    const body: unknown = JSON.parse(text);
    const error = isRecord(body) ? body['error'] : undefined;
    return isRecord(error) ? error : undefined;
  } catch {
    return undefined;
  }
}

export function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null;
}
