import { later, type Clock, type Timestamp } from '@holdfast/domain';

/** So that clocks that differ do not make a job run without a pause. */
const againMsMin = 1_000;
/** So that no answer, however wrong, puts a job off for ever. */
const againMsMax = 86_400_000;
/** Where the store does not say. */
const againMsDefault = 60_000;

/** When to run a job again that the store wants to hear of at `deadline`. */
export function againAt(deadline: Date | undefined, clock: Clock): Timestamp {
  const now = clock.now();
  const wanted = deadline?.getTime() ?? Number.NaN;
  const ms = Number.isFinite(wanted) ? Math.ceil(wanted) - now : againMsDefault;
  return later(now, Math.min(Math.max(ms, againMsMin), againMsMax));
}
