import type { Branded } from './brand.js';

/** Milliseconds since 1970-01-01T00:00:00Z, a whole number. */
export type Timestamp = Branded<number, 'Timestamp'>;

export function isTimestamp(value: number): value is Timestamp {
  return Number.isSafeInteger(value) && value >= 0;
}

export function later(time: Timestamp, ms: number): Timestamp {
  return (time + ms) as Timestamp;
}
