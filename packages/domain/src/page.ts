import { invalid, type DomainError } from './errors.js';
import { pageSizeDefault, pageSizeMax } from './limits.js';

export function parsePageSize(pageSize: number | undefined): number {
  const parsed = pageSize ?? pageSizeDefault;
  if (Number.isSafeInteger(parsed) && parsed >= 1 && parsed <= pageSizeMax) return parsed;
  const allowed = `must be a whole number from 1 to ${pageSizeMax}`;
  throw invalid('INVALID_PAGE', 'page_size', pageSize, allowed);
}

/**
 * What comes after `format`, by which each kind of list knows its own tokens; `undefined` when there
 * is no token.
 */
export function parsePageToken(token: string | undefined, format: string): string | undefined {
  if (token === undefined) return undefined;
  if (token.startsWith(format)) return token.slice(format.length);
  throw invalidPageToken(token);
}

export function invalidPageToken(token: string): DomainError {
  const allowed = 'must be the token of an earlier page of the same listing';
  return invalid('INVALID_PAGE', 'page_token', token, allowed);
}
