import type { Duration, object } from '@holdfast/contracts';
import { invalid, manualExpiration, type ExpirationPolicy } from '@holdfast/domain';

const nanosPerMs = 1_000_000;
const nanosPerSecond = 1_000_000_000;

/** Reads what the engine takes; it checks the limits of the times. */
export function readExpiration(message: object.ExpirationPolicy | undefined): ExpirationPolicy {
  const policy = message?.policy;
  if (policy === undefined) return manualExpiration;
  return { kind: policy.$case, ms: wholeMs(policy.value, policy.$case) };
}

export function expirationMessage(policy: ExpirationPolicy): object.ExpirationPolicy | undefined {
  if (policy.kind === 'manual') return undefined;
  const seconds = Math.floor(policy.ms / 1_000);
  const nanos = (policy.ms - seconds * 1_000) * nanosPerMs;
  return { policy: { $case: policy.kind, value: { seconds: BigInt(seconds), nanos } } };
}

function wholeMs({ seconds, nanos }: Duration, kind: 'ttl' | 'tti'): number {
  if (nanos >= 0 && nanos < nanosPerSecond && nanos % nanosPerMs === 0) {
    return Number(seconds) * 1_000 + nanos / nanosPerMs;
  }
  const given = `${seconds} seconds and ${nanos} nanoseconds`;
  const allowed = 'must be a positive time in whole milliseconds';
  throw invalid('INVALID_EXPIRATION', `metadata.expiration.${kind}`, given, allowed);
}
