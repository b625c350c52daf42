import type { Duration } from '@holdfast/contracts';

const nanosPerMs = 1_000_000;

/** `undefined` for what is no duration to begin with: its parts contradict each other. */
export function millisecondsOf({ seconds, nanos }: Duration): number | undefined {
  const isWithin = Math.abs(nanos) < 1_000 * nanosPerMs;
  const isOfOneSign = seconds === 0n || nanos === 0 || seconds > 0n === nanos > 0;
  if (!isWithin || !isOfOneSign) return undefined;
  return Number(seconds) * 1_000 + nanos / nanosPerMs;
}

/** Rounded up to whole milliseconds; none for a time that is none. */
export function durationMessage(ms: number): Duration {
  const whole = Math.max(0, Math.ceil(ms));
  return { seconds: BigInt(Math.floor(whole / 1_000)), nanos: (whole % 1_000) * nanosPerMs };
}
