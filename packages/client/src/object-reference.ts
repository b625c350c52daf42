import { invalid, type ListContext, type ObjectIdParts, type Scope } from '@holdfast/domain';

/**
 * Names as text: `usecase[/name=value...]:key`. None of `/`, `=` and `:` may be in a usecase or a
 * scope, so the first colon ends the context, and all that follows is the key, whatever it contains.
 * Splitting checks the form only: `object-id.ts` checks the parts.
 */
const objectForm = 'must be usecase[/name=value...]:key, photos/org=42:2026/cat.jpg for one';
const listForm = 'must be usecase[/name=value...][:key prefix], photos/org=42:2026/ for one';

export function splitReference(reference: string): ObjectIdParts {
  const colon = reference.indexOf(':');
  if (colon < 0) throw invalid('INVALID_OBJECT_ID', 'reference', reference, objectForm);
  const context = splitContext(reference, colon, objectForm);
  return { ...context, key: reference.slice(colon + 1) };
}

export function splitListReference(reference: string): ListContext {
  const colon = reference.indexOf(':');
  if (colon < 0) return splitContext(reference, reference.length, listForm);
  const context = splitContext(reference, colon, listForm);
  return { ...context, keyPrefix: reference.slice(colon + 1) };
}

/** The inverse of `parseObjectReference`. */
export function formatObjectReference(id: ObjectIdParts): string {
  return `${formatContext(id)}:${id.key}`;
}

interface Context {
  readonly usecase: string;
  readonly scopes: readonly Scope[];
}

function splitContext(reference: string, end: number, allowed: string): Context {
  const [usecase = '', ...segments] = reference.slice(0, end).split('/');
  const scopes = segments.map((segment) => {
    const equals = segment.indexOf('=');
    if (equals < 0) throw invalid('INVALID_OBJECT_ID', 'reference', reference, allowed);
    return { name: segment.slice(0, equals), value: segment.slice(equals + 1) };
  });
  return { usecase, scopes };
}

function formatContext({ usecase, scopes }: Context): string {
  return usecase + scopes.map(({ name, value }) => `/${name}=${value}`).join('');
}
