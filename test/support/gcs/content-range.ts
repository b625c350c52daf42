import { invalid } from './api-error.js';

/** What a request to a session carries, by its header `Content-Range`. */
export type ContentRange =
  /** No header: all of the payload. */
  | { readonly kind: 'whole' }
  /** `last` is missing in `bytes a-*`: up to the payload's end. */
  | {
      readonly kind: 'chunk';
      readonly first: number;
      readonly last: number | undefined;
      readonly total: number | undefined;
    }
  /** Nothing: it asks how far the upload is, or ends it when that is its total. */
  | { readonly kind: 'status'; readonly total: number | undefined };

const syntax =
  /^bytes (?:\*|(?<first>\d{1,15})-(?:\*|(?<last>\d{1,15})))\/(?:\*|(?<total>\d{1,15}))$/u;

export function parseContentRange(header: string | undefined): ContentRange {
  if (header === undefined) return { kind: 'whole' };
  const match = syntax.exec(header);
  if (match === null) throw invalid(`Failed to parse Content-Range header: ${header}`);
  const first = numberOf(match.groups?.['first']);
  const last = numberOf(match.groups?.['last']);
  const total = numberOf(match.groups?.['total']);
  if (first === undefined) return { kind: 'status', total };
  if (last !== undefined && (last < first || (total !== undefined && last >= total))) {
    throw invalid(`Invalid Content-Range header: ${header}`);
  }
  return { kind: 'chunk', first, last, total };
}

function numberOf(digits: string | undefined): number | undefined {
  return digits === undefined ? undefined : Number(digits);
}
