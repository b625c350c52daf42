import { isRecord } from './errors.js';
import { malformed, parseJson, wholeNumber } from './object-resource.js';

/** What is asked for of a bucket. */
export const bucketFields =
  'name,location,storageClass,metageneration,lifecycle,softDeletePolicy,versioning';

/** A rule as the API spells it: rules of others are handed on as they are. */
export type LifecycleRule = Readonly<Record<string, unknown>>;

export interface BucketState {
  readonly name: string;
  readonly location: string;
  readonly storageClass: string;
  /** Goes up with every change of the bucket's settings. */
  readonly metageneration: string;
  readonly lifecycleRules: readonly LifecycleRule[];
  /** For how long deleted objects are kept, and paid for; 0 is not at all. */
  readonly softDeleteSeconds: number;
  /** With it, deleted objects are kept for ever unless a rule removes them. */
  readonly keepsVersions: boolean;
}

/** What becomes of a blob that is past its own expiry: it goes, a day after its `customTime`. */
export const expiryRule: LifecycleRule = {
  action: { type: 'Delete' },
  condition: { daysSinceCustomTime: 1 },
};

export function isExpiryRule({ action, condition }: LifecycleRule): boolean {
  if (!isRecord(action) || !isRecord(condition)) return false;
  const conditions = Object.keys(condition);
  return (
    action['type'] === 'Delete' && conditions.length === 1 && condition['daysSinceCustomTime'] === 1
  );
}

export function parseBucket(body: Uint8Array): BucketState {
  const bucket = parseJson(body);
  const text = (field: string): string => {
    const value = bucket[field];
    if (typeof value === 'string') return value;
    throw malformed(field);
  };
  return {
    name: text('name'),
    location: text('location'),
    storageClass: text('storageClass'),
    metageneration: text('metageneration'),
    lifecycleRules: rulesIn(bucket['lifecycle']),
    softDeleteSeconds: softDeleteIn(bucket['softDeletePolicy']),
    keepsVersions: isRecord(bucket['versioning']) && bucket['versioning']['enabled'] === true,
  };
}

function rulesIn(lifecycle: unknown): readonly LifecycleRule[] {
  const rules: unknown = isRecord(lifecycle) ? (lifecycle['rule'] ?? []) : [];
  if (!Array.isArray(rules)) throw malformed('lifecycle');
  return rules.map((rule: unknown) => {
    if (isRecord(rule)) return rule;
    throw malformed('lifecycle');
  });
}

function softDeleteIn(policy: unknown): number {
  const seconds = isRecord(policy) ? policy['retentionDurationSeconds'] : '0';
  if (typeof seconds !== 'string') throw malformed('softDeletePolicy');
  return wholeNumber('softDeletePolicy', seconds);
}
