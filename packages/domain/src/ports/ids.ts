import type { Revision } from '../revision.js';

/** Makes identities. Two calls never answer the same, in any process, at any time. */
export interface Ids {
  revision(): Revision;
}
