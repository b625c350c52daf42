import type { BlobName } from '../blob-name.js';
import type { DomainError } from '../errors.js';
import type { Revision } from '../revision.js';
import type { InlineRow, TombstoneRow } from '../row.js';
import type { PartlyVerified } from './verify-token.js';

export type DamageKind = 'missing' | 'wrong-size' | 'wrong-checksum';

/** Stored bytes that are not the bytes that were written. */
export interface Damage {
  readonly revision: Revision;
  /** Absent when the payload is inline. */
  readonly blob?: BlobName | undefined;
  readonly kind: DamageKind;
  readonly description: string;
}

export type Verdict =
  | { readonly kind: 'sound' }
  | { readonly kind: 'damaged'; readonly damage: Damage; readonly isCompared: boolean }
  | { readonly kind: 'undecided'; readonly why: string }
  /** There is no live object any more. */
  | { readonly kind: 'absent' }
  /** There were no bytes or no time left. */
  | { readonly kind: 'unfinished'; readonly known: PartlyVerified };

/** What one step may still read. */
export interface ReadBudget {
  bytesLeft(): number;
  take(bytes: number): void;
  isOver(): boolean;
  readonly signal: AbortSignal;
}

export function undecided(why: string): Verdict {
  return { kind: 'undecided', why };
}

export function missing(row: TombstoneRow): Verdict {
  const description = 'the row names a blob that is not there';
  const damage = { ...damageOf(row), kind: 'missing', description } as const;
  return { kind: 'damaged', damage, isCompared: false };
}

export function differs(
  row: InlineRow | TombstoneRow,
  kind: 'wrong-size' | 'wrong-checksum',
  expected: number,
  found: number,
): Verdict {
  const description =
    kind === 'wrong-size'
      ? `${expected} bytes were written, ${found} are there`
      : `the CRC32C was ${hex(expected)}, it is ${hex(found)}`;
  return { kind: 'damaged', damage: { ...damageOf(row), kind, description }, isCompared: true };
}

/** For damage that the tier noticed by itself. */
export function damagedAs(row: TombstoneRow, error: DomainError): Verdict {
  const { detail } = error;
  const isWrongSize = detail.code === 'CHECKSUM_MISMATCH' && detail.wrongSize === true;
  const kind = isWrongSize ? 'wrong-size' : 'wrong-checksum';
  const damage = { ...damageOf(row), kind, description: error.message } as const;
  return { kind: 'damaged', damage, isCompared: false };
}

function damageOf(row: InlineRow | TombstoneRow): Pick<Damage, 'revision' | 'blob'> {
  const { revision } = row.metadata;
  return row.kind === 'tombstone' ? { revision, blob: row.blob } : { revision };
}

function hex(crc32c: number): string {
  return crc32c.toString(16).padStart(8, '0');
}
