import { orphansPerRunMax, sweepEntriesMax } from '../limits.js';
import type { SweepRequest } from './sweep-request.js';

/**
 * How much a run, or one step of it, may still do. `Infinity` where nothing limits it; the time of a step
 * is always limited.
 */
export interface SweepRoom {
  readonly entries: number;
  readonly ms: number;
  readonly bytes: number;
  /** Orphans to hand to the queue. */
  readonly orphans: number;
}

/** What a run has used up. */
export interface SweepSpending {
  readonly entries: number;
  readonly ms: number;
  /** Freed or read. */
  readonly bytes: number;
  readonly removed: number;
}

/** What is left of a run's limit. The entries are limited in any case: every run comes to its end. */
export function roomLeft(
  { kind, limit, orphansMax }: SweepRequest,
  spent: SweepSpending,
): SweepRoom {
  const orphansAllowed = kind === 'reclaim-orphans' ? (orphansMax ?? orphansPerRunMax) : Infinity;
  return {
    entries: left(limit.entries ?? sweepEntriesMax, spent.entries),
    ms: left(limit.durationMs ?? Infinity, spent.ms),
    bytes: left(limit.bytes ?? Infinity, spent.bytes),
    orphans: left(orphansAllowed, spent.removed),
  };
}

export function isFull({ entries, ms, bytes, orphans }: SweepRoom): boolean {
  return entries === 0 || ms === 0 || bytes === 0 || orphans === 0;
}

function left(allowed: number, used: number): number {
  return Math.max(0, allowed - used);
}
