/*
 * The table: what its families are for, and when Bigtable takes cells away by itself. Cells that are
 * expired are never shown, whether or not they have been taken away.
 */
const hourMs = 60 * 60 * 1_000;
const dayMs = 24 * hourMs;

export type GcRule =
  | { readonly kind: 'none' }
  | { readonly kind: 'versions'; readonly max: number }
  | { readonly kind: 'age'; readonly ms: number }
  | { readonly kind: 'any'; readonly of: readonly GcRule[] }
  | { readonly kind: 'all'; readonly of: readonly GcRule[] };

export interface FamilySchema {
  readonly name: string;
  readonly gcRule: GcRule;
}

export const families = {
  /** Inline objects with a time-to-live. Their cells carry the time of expiry, and go after it. */
  expiring: 'e',
  /** All other content, and the change log: it stays until it is deleted. */
  manual: 'm',
  /** The changes that may still commit to a row. One that age takes away is thereby fenced. */
  intents: 'i',
} as const;

const oneVersion: GcRule = { kind: 'versions', max: 1 };

function oneVersionFor(ms: number): GcRule {
  return { kind: 'any', of: [oneVersion, { kind: 'age', ms }] };
}

export const bigtableSchema: { readonly families: readonly FamilySchema[] } = {
  families: [
    // An hour, as a clock of ours may be behind that of Bigtable.
    { name: families.expiring, gcRule: oneVersionFor(hourMs) },
    { name: families.manual, gcRule: oneVersion },
    { name: families.intents, gcRule: oneVersionFor(30 * dayMs) },
  ],
};
