import type { Duration } from '@holdfast/contracts';
import { isTimestamp, type Timestamp } from '@holdfast/domain';
import { invalidField } from '@holdfast/rpc';

/* What calls of the service hold the parts of their requests to. */

const reasonCharactersMax = 1_000;
const spreadMsMax = 7 * 86_400_000;

/** Why an operator wants something. */
export function checkReason(reason: string, charactersMin: 0 | 1): void {
  // Not twice what is one character of two UTF-16 units.
  const characters = reason.replaceAll(/[\udc00-\udfff]/g, '').length;
  if (characters >= charactersMin && characters <= reasonCharactersMax) return;
  const least = charactersMin === 0 ? 'at most' : `${charactersMin} to`;
  const why = `must be ${least} ${reasonCharactersMax} characters`;
  throw invalidField('INVALID_BATCH', 'reason', why);
}

/** Milliseconds; 0 where all is to be done at once. */
export function readSpread(spread: Duration | undefined): number {
  if (spread === undefined) return 0;
  const { seconds, nanos } = spread;
  const isDuration = seconds >= 0n && nanos >= 0 && nanos < 1_000_000_000;
  const ms = Number(seconds) * 1_000 + nanos / 1_000_000;
  if (isDuration && ms <= spreadMsMax) return Math.ceil(ms);
  const why = `must be a duration of at most ${spreadMsMax / 86_400_000} days`;
  throw invalidField('INVALID_LIMIT', 'spread', why);
}

/** Nothing was enqueued before there was time. */
export function readEnqueuedBy(field: string, time: Date | undefined): Timestamp | undefined {
  if (time === undefined) return undefined;
  const ms = Math.max(0, Math.floor(time.getTime()));
  if (isTimestamp(ms)) return ms;
  throw invalidField('INVALID_SELECTION', field, 'must be a time of the years 1 to 9999');
}
