import type { Duration } from '@holdfast/contracts';
import { millisecondsOf } from '@holdfast/rpc';

/** In whole milliseconds, to be shown. One that is missing, or makes no sense, is none. */
export function shownMs(duration: Duration | undefined): number {
  return Math.round((duration && millisecondsOf(duration)) ?? 0);
}
