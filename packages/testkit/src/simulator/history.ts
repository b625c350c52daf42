import type { Revision, Timestamp } from '@holdfast/domain';
import type { Lifetime } from './plan.js';

/** What a caller asked of one key, when, and what it was told. */
export interface HistoryEntry {
  readonly process: number;
  readonly key: number;
  /** Steps of the schedule. An operation that was never answered returns at infinity. */
  readonly invoked: number;
  readonly returned: number;
  readonly timeInvoked: Timestamp;
  readonly timeReturned: Timestamp;
  readonly action: Action;
  readonly result: Result;
}

/** A read that counts as a use: it may have moved the expiry of what it saw. */
export interface IdleRead {
  readonly key: number;
  /** `undefined` when nobody knows what it saw. */
  readonly revision: Revision | undefined;
  readonly timeInvoked: Timestamp;
  /** After this it moves no expiry; what it has sent until then may land later. */
  readonly timeReturned: number;
}

export type Action =
  | {
      readonly kind: 'put';
      readonly revision: Revision;
      readonly expires: Timestamp | undefined;
      readonly lifetime: Lifetime;
      readonly condition: Condition | undefined;
    }
  | { readonly kind: 'delete'; readonly condition: Condition | undefined }
  | { readonly kind: 'read' };

export type Condition =
  { readonly kind: 'if-absent' } | { readonly kind: 'if-revision'; readonly revision: Revision };

export type Result =
  /** It took effect. */
  | { readonly kind: 'done' }
  /** It certainly never takes effect. */
  | { readonly kind: 'no-effect' }
  /** It takes effect now, later or never. */
  | { readonly kind: 'unknown' }
  /** Its condition failed on an object of this revision, or on none. */
  | { readonly kind: 'refused'; readonly current: Revision | undefined }
  | { readonly kind: 'saw'; readonly revision: Revision | undefined };
