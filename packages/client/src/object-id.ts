import {
  parseObjectId,
  parseStoragePrefix,
  type ListContext,
  type ObjectIdParts,
  type Scope,
} from '@holdfast/domain';
import { publicly } from './errors.js';
import { splitListReference, splitReference } from './object-reference.js';

/** Names an object by usecase, scopes (outermost first) and key. The scopes' order is part of it. */
export type ObjectId = ObjectIdParts;

/** One part of the context of an object: `['org', '42']` or `{ name: 'org', value: '42' }`. */
export type ScopeInput = Scope | readonly [name: string, value: string];

interface ContextInput {
  /** What the object is for, `photos` say. */
  readonly usecase: string;
  /** Whose it is, outermost first. Missing: nobody's in particular. */
  readonly scopes?: readonly ScopeInput[] | undefined;
}

/**
 * An object's name: in parts, or as the reference `usecase[/name=value...]:key`,
 * `photos/org=42:2026/cat.jpg` for one.
 */
export type ObjectIdInput = string | (ContextInput & { readonly key: string });

/** The name of an object to write. Without a key, or with an empty one, it gets a new UUIDv7. */
export type NewObjectIdInput = string | (ContextInput & { readonly key?: string | undefined });

/**
 * Which objects to list, in parts or as a reference. `photos` is all of the usecase, `photos/org=42`
 * what has scopes that begin so, `photos/org=42:` what has exactly these scopes, and
 * `photos/org=42:2026/` what of that has a key that begins so.
 */
export type ListInput =
  | string
  | (ContextInput & {
      /** Only objects of exactly `scopes` whose key begins so; of any scopes below when missing. */
      readonly keyPrefix?: string | undefined;
    });

/** The parts of `photos/org=42:2026/cat.jpg`. Throws `INVALID_OBJECT_ID`. */
export function parseObjectReference(reference: string): ObjectId {
  return publicly(() => toObjectId(reference));
}

/** Checks the name here, so that a wrong one costs no call. */
export function toObjectId(input: ObjectIdInput): ObjectId {
  const parts = typeof input === 'string' ? splitReference(input) : input;
  const { usecase, scopes, key } = parseObjectId({
    usecase: parts.usecase,
    scopes: toScopes(parts.scopes),
    key: parts.key,
  });
  return { usecase, scopes, key };
}

/** `makeKey` makes the key of an object that has none. */
export function toNewObjectId(input: NewObjectIdInput, makeKey: () => string): ObjectId {
  const parts = typeof input === 'string' ? splitReference(input) : input;
  const { key } = parts;
  return toObjectId({ ...parts, key: key === undefined || key === '' ? makeKey() : key });
}

export function toListContext(input: ListInput): ListContext {
  const parts = typeof input === 'string' ? splitListReference(input) : input;
  const { usecase, keyPrefix } = parts;
  const context: ListContext = { usecase, scopes: toScopes(parts.scopes), keyPrefix };
  parseStoragePrefix(context);
  return context;
}

function toScopes(scopes: readonly ScopeInput[] = []): readonly Scope[] {
  return scopes.map((scope) => ('name' in scope ? scope : { name: scope[0], value: scope[1] }));
}
