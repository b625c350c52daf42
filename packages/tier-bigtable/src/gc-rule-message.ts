import type { google } from '@google-cloud/bigtable/build/protos/protos.js';
import type { GcRule } from './schema.js';

/*
 * Rules of the garbage collector as Bigtable's admin API has them.
 */
type GcRuleMessage = google.bigtable.admin.v2.IGcRule;

const secondMs = 1_000;
const msNanos = 1_000_000;

export function encodeGcRule(rule: GcRule): GcRuleMessage {
  switch (rule.kind) {
    case 'none':
      return {};
    case 'versions':
      return { maxNumVersions: rule.max };
    case 'age':
      return {
        maxAge: {
          seconds: Math.floor(rule.ms / secondMs),
          nanos: (rule.ms % secondMs) * msNanos,
        },
      };
    case 'any':
      return { union: { rules: rule.of.map(encodeGcRule) } };
    case 'all':
      return { intersection: { rules: rule.of.map(encodeGcRule) } };
  }
}

export function decodeGcRule(message: GcRuleMessage | null | undefined): GcRule {
  const { maxNumVersions, maxAge, union, intersection } = message ?? {};
  if (isGiven(maxNumVersions)) return { kind: 'versions', max: maxNumVersions };
  if (isGiven(maxAge)) {
    const { seconds, nanos } = maxAge;
    return { kind: 'age', ms: Number(seconds ?? 0) * secondMs + (nanos ?? 0) / msNanos };
  }
  if (isGiven(union)) return { kind: 'any', of: (union.rules ?? []).map(decodeGcRule) };
  if (isGiven(intersection)) {
    return { kind: 'all', of: (intersection.rules ?? []).map(decodeGcRule) };
  }
  return { kind: 'none' };
}

function isGiven<Value>(value: Value | null | undefined): value is Value {
  return value !== undefined && value !== null;
}
