import { assert } from '../assert.js';
import type { Branded } from '../brand.js';
import type { Ids } from '../ports/ids.js';
import { isRevision } from '../revision.js';

export const sweepKinds = [
  'recover-changes',
  'reclaim-orphans',
  'expire-objects',
  'verify-objects',
] as const;

/** What a sweep does. */
export type SweepKind = (typeof sweepKinds)[number];

/** Names one run: a UUIDv7 in lower case. */
export type SweepRunId = Branded<string, 'SweepRunId'>;

export function isSweepRunId(text: string): text is SweepRunId {
  return isRevision(text);
}

/** A run is named as a write is: nothing but that it is unlike all others matters. */
export function newSweepRunId(ids: Ids): SweepRunId {
  const id: string = ids.revision();
  assert(isSweepRunId(id), 'every revision has the form of an id of a run');
  return id;
}

/** How far one run may go: it ends at the first limit that it reaches. At least one is set. */
export interface SweepLimit {
  /** Entries to look at. */
  readonly entries?: number | undefined;
  readonly durationMs?: number | undefined;
  /** Bytes to act on: freed or read, depending on the duty. */
  readonly bytes?: number | undefined;
}

export interface SweepRequest {
  readonly kind: SweepKind;
  readonly limit: SweepLimit;
  /** Change nothing, and leave the place where the next run goes on as it is. */
  readonly dryRun: boolean;
  /** Begin at the beginning, not where the last run was cut short. */
  readonly fromStart: boolean;
  /** Only `reclaim-orphans`: keep younger blobs. */
  readonly ageMsMin?: number | undefined;
  /** Only `reclaim-orphans`: hand no more than so many to the queue. */
  readonly orphansMax?: number | undefined;
}
