import { invalid } from '../errors.js';
import { sweepExaminedMax, sweepStepMax } from '../limits.js';

/** How far one call of a sweep goes. */
export interface SweepBounds {
  /** At most so many entries are looked at. */
  readonly examinedMax: number;
  /** Cuts the sweep short after the step it is at. */
  readonly signal?: AbortSignal | undefined;
}

/** How far it came. */
export interface SweepReach<Cursor> {
  /** Whether anything was left to look at. */
  readonly truncated: boolean;
  /** Where to go on; absent at the end, or when the sweep was cut short before its first step. */
  readonly next?: Cursor | undefined;
}

/** Looks at no more than `limit` entries after `cursor`, and answers where the next ones begin. */
export type SweepStep<Cursor> = (
  cursor: Cursor | undefined,
  limit: number,
) => Promise<Cursor | undefined>;

/** Goes on step by step until the end, the bound, the signal or `isOver`, whichever comes first. */
export async function sweepInSteps<Cursor>(
  { examinedMax, signal }: SweepBounds,
  from: Cursor | undefined,
  step: SweepStep<Cursor>,
  isOver: () => boolean = () => false,
): Promise<SweepReach<Cursor>> {
  const isSound =
    Number.isSafeInteger(examinedMax) && examinedMax >= 1 && examinedMax <= sweepExaminedMax;
  if (!isSound) {
    const allowed = `must be a whole number from 1 to ${sweepExaminedMax}`;
    throw invalid('INVALID_LIMIT', 'limit.entries', examinedMax, allowed);
  }
  let cursor = from;
  for (let left = examinedMax; left > 0; left -= sweepStepMax) {
    if (signal?.aborted === true || isOver()) return { truncated: true, next: cursor };
    cursor = await step(cursor, Math.min(left, sweepStepMax));
    if (cursor === undefined) return { truncated: false };
  }
  return { truncated: true, next: cursor };
}
