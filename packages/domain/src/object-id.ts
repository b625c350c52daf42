import type { Branded } from './brand.js';
import { invalid, type DomainError } from './errors.js';
import { scopesMax, storagePathBytesMax } from './limits.js';
import { isCleanText, utf8Length } from './text.js';

/** `{usecase}/{name}.{value}/…/objects/{key}`: what an object is called in every tier. */
export type StoragePath = Branded<string, 'StoragePath'>;
/** The beginning of storage paths: a usecase, some scopes, perhaps the beginning of a key. */
export type StoragePrefix = Branded<string, 'StoragePrefix'>;

export interface Scope {
  readonly name: string;
  readonly value: string;
}

/** Names an object. `path` is derived from the rest, and two ids are equal when their paths are. */
export interface ObjectId {
  readonly usecase: string;
  readonly scopes: readonly Scope[];
  readonly key: string;
  readonly path: StoragePath;
}

export interface ObjectIdParts {
  readonly usecase: string;
  readonly scopes: readonly Scope[];
  readonly key: string;
}

const usecasePattern = /^[A-Za-z0-9][A-Za-z0-9_-]{0,63}$/;
const scopePattern = /^[A-Za-z0-9\-_()$!+']+$/;

// A scope segment always holds a dot and this one does not, so the first segment that equals it
// ends the scopes, whatever the key contains.
const objectsSegment = 'objects';

export function parseObjectId(parts: ObjectIdParts): ObjectId {
  checkContext(parts.usecase, parts.scopes, 'object_id.');
  const { usecase, scopes, key } = parts;
  if (key.length === 0) {
    throw invalid('INVALID_OBJECT_ID', 'object_id.key', key, 'must not be empty');
  }
  checkKeyText(key, 'object_id.key');
  const path = `${contextPath(usecase, scopes)}${objectsSegment}/${key}`;
  checkPathLength(path, 'object_id');
  return { usecase, scopes, key, path: path as StoragePath };
}

/** The inverse of `parseObjectId(…).path`. */
export function parseStoragePath(path: string): ObjectId {
  const segments = path.split('/');
  const end = segments.indexOf(objectsSegment, 1);
  if (end < 0) {
    throw invalid('INVALID_OBJECT_ID', 'path', path, `must contain an '${objectsSegment}' segment`);
  }
  const [usecase = '', ...scopeSegments] = segments.slice(0, end);
  return parseObjectId({
    usecase,
    scopes: scopeSegments.map(parseScopeSegment),
    key: segments.slice(end + 1).join('/'),
  });
}

export interface ListContext {
  readonly usecase: string;
  /** Outermost first. Objects whose scopes begin with these are meant. */
  readonly scopes: readonly Scope[];
  /** When given, only objects of exactly these scopes whose key begins so are meant. */
  readonly keyPrefix?: string | undefined;
}

export function parseStoragePrefix(context: ListContext): StoragePrefix {
  checkContext(context.usecase, context.scopes, '');
  const prefix = contextPath(context.usecase, context.scopes);
  if (context.keyPrefix === undefined) return prefix as StoragePrefix;
  checkKeyText(context.keyPrefix, 'key_prefix');
  const full = `${prefix}${objectsSegment}/${context.keyPrefix}`;
  checkPathLength(full, 'key_prefix');
  return full as StoragePrefix;
}

function contextPath(usecase: string, scopes: readonly Scope[]): string {
  let path = `${usecase}/`;
  for (const { name, value } of scopes) path += `${name}.${value}/`;
  return path;
}

function parseScopeSegment(segment: string): Scope {
  const dot = segment.indexOf('.');
  return { name: segment.slice(0, Math.max(dot, 0)), value: segment.slice(dot + 1) };
}

/** `within` is where the request holds the two: a path of fields with its dot, or nothing. */
function checkContext(usecase: string, scopes: readonly Scope[], within: string): void {
  if (!usecasePattern.test(usecase)) {
    const allowed = 'must be 1 to 64 of A-Z a-z 0-9 _ - and begin with a letter or digit';
    throw invalid('INVALID_OBJECT_ID', `${within}usecase`, usecase, allowed);
  }
  if (scopes.length > scopesMax) {
    const allowed = `must be at most ${scopesMax} scopes`;
    throw invalid('INVALID_OBJECT_ID', `${within}scopes`, scopes.length, allowed);
  }
  for (const scope of scopes) {
    if (!scopePattern.test(scope.name)) throw invalidScope(within, scopes, scope, 'name');
    if (!scopePattern.test(scope.value)) throw invalidScope(within, scopes, scope, 'value');
  }
}

function invalidScope(
  within: string,
  scopes: readonly Scope[],
  scope: Scope,
  part: keyof Scope,
): DomainError {
  const field = `${within}scopes[${scopes.indexOf(scope)}].${part}`;
  const allowed = "must be 1 or more of A-Z a-z 0-9 - _ ( ) $ ! + '";
  return invalid('INVALID_OBJECT_ID', field, scope[part], allowed);
}

function checkKeyText(text: string, field: string): void {
  if (isCleanText(text)) return;
  const allowed = 'must be well-formed Unicode without control characters';
  throw invalid('INVALID_OBJECT_ID', field, text, allowed);
}

function checkPathLength(path: string, field: string): void {
  // A UTF-16 unit is at most three bytes of UTF-8: most paths need no measuring.
  if (path.length * 3 <= storagePathBytesMax) return;
  const bytes = utf8Length(path);
  if (bytes <= storagePathBytesMax) return;
  const allowed = `its storage path must be at most ${storagePathBytesMax} bytes, it is ${bytes}`;
  throw invalid('INVALID_OBJECT_ID', field, path, allowed);
}
