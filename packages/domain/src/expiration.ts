import { invalid } from './errors.js';
import { expirationMsMax, expirationMsMin, idleDebounceMsMax } from './limits.js';
import { later, type Timestamp } from './timestamp.js';

/** When an object goes by itself: never, a time after its write, or a time after its last read. */
export type ExpirationPolicy =
  | { readonly kind: 'manual' }
  | { readonly kind: 'ttl'; readonly ms: number }
  | { readonly kind: 'tti'; readonly ms: number };

export const manualExpiration: ExpirationPolicy = { kind: 'manual' };

export function parseExpiration(policy: ExpirationPolicy): ExpirationPolicy {
  if (policy.kind === 'manual') return manualExpiration;
  const { ms } = policy;
  if (Number.isSafeInteger(ms) && ms >= expirationMsMin && ms <= expirationMsMax) return policy;
  const allowed = `must be a whole number of milliseconds from ${expirationMsMin} to ${expirationMsMax}`;
  throw invalid('INVALID_EXPIRATION', `metadata.expiration.${policy.kind}`, ms, allowed);
}

/** Resolved once per write, so that both tiers carry the same instant. */
export function expiryOf(policy: ExpirationPolicy, written: Timestamp): Timestamp | undefined {
  return policy.kind === 'manual' ? undefined : later(written, policy.ms);
}

export function isExpired(timeExpires: Timestamp | undefined, now: Timestamp): boolean {
  return timeExpires !== undefined && timeExpires <= now;
}

/**
 * Where a read moves the expiry to, if anywhere: only forward, only for time-to-idle, never once
 * expired, and only when enough of the idle time has gone that a write is worth it.
 */
export function extendedExpiry(
  policy: ExpirationPolicy,
  timeExpires: Timestamp | undefined,
  now: Timestamp,
): Timestamp | undefined {
  if (policy.kind !== 'tti' || timeExpires === undefined || timeExpires <= now) return undefined;
  const worthExtendingMs = policy.ms - Math.min(policy.ms / 4, idleDebounceMsMax);
  return timeExpires - now < worthExtendingMs ? later(now, policy.ms) : undefined;
}
