import type { LifecycleRule } from '@holdfast/tier-gcs';

/** With one of these a rule is about former versions only. */
const aboutFormerVersions = [
  'numNewerVersions',
  'daysSinceNoncurrentTime',
  'noncurrentTimeBefore',
] as const;

/**
 * Whether a rule deletes blobs by something else than their own expiry. What is in use may be of any age
 * and name, so such a rule loses data.
 */
export function mayDeleteWhatIsInUse({ action, condition }: LifecycleRule): boolean {
  if (memberOf(action, 'type') !== 'Delete') return false;
  if (memberOf(condition, 'isLive') === false) return false;
  if (aboutFormerVersions.some((name) => memberOf(condition, name) !== undefined)) return false;
  const daysPastExpiry = memberOf(condition, 'daysSinceCustomTime');
  return typeof daysPastExpiry !== 'number' || daysPastExpiry < 1;
}

function memberOf(value: unknown, name: string): unknown {
  return typeof value === 'object' && value !== null
    ? (value as Readonly<Record<string, unknown>>)[name]
    : undefined;
}
