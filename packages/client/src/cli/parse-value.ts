import type { ByteRange } from '../byte-range.js';
import { UsageError } from './usage-error.js';

const unitsMs: Readonly<Record<string, number>> = {
  ms: 1,
  s: 1_000,
  m: 60_000,
  min: 60_000,
  h: 3_600_000,
  d: 86_400_000,
};

/** `90s`, `15m`, `1.5h`, `7d`, `250ms`, in milliseconds; `0s` only where `msMin` is 0. */
export function parseDuration(flag: string, text: string, msMin = 1): number {
  const match = /^(?<amount>\d+(?:\.\d+)?)(?<unit>ms|s|m|min|h|d)$/.exec(text);
  const ms = Math.round(
    Number(match?.groups?.['amount']) * (unitsMs[match?.groups?.['unit'] ?? ''] ?? 0),
  );
  if (ms >= msMin) return ms;
  throw new UsageError(`--${flag} must be a duration like 30s, 15m, 24h or 7d; given ${text}`);
}

const unitsBytes: Readonly<Record<string, number>> = {
  '': 1,
  B: 1,
  KiB: 1024,
  MiB: 1024 ** 2,
  GiB: 1024 ** 3,
  TiB: 1024 ** 4,
  PiB: 1024 ** 5,
};

/** `4096`, `64KiB`, `1.5GiB`, in bytes. */
export function parseBytes(flag: string, text: string): number {
  const match = /^(?<amount>\d+(?:\.\d+)?) ?(?<unit>(?:[KMGTP]i)?B|)$/.exec(text);
  const bytes = Math.round(
    Number(match?.groups?.['amount']) * (unitsBytes[match?.groups?.['unit'] ?? ''] ?? 0),
  );
  if (bytes >= 1 && bytes <= Number.MAX_SAFE_INTEGER) return bytes;
  throw new UsageError(`--${flag} must be a size like 4096, 64MiB or 1.5GiB; given ${text}`);
}

const instantPattern = /^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}(:\d{2}(\.\d+)?)?(Z|[+-]\d{2}:\d{2})$/;

/** `2026-11-21T10:00:00Z`, or how long before `now`: `24h`. */
export function parseTime(flag: string, text: string, now: number): Date {
  const time = new Date(instantPattern.test(text) ? text : Number.NaN);
  if (!Number.isNaN(time.getTime())) return time;
  if (/^[\d.]+[a-z]+$/.test(text)) return new Date(now - parseDuration(flag, text));
  const allowed = 'a time like 2026-11-21T10:00:00Z or how long ago, like 24h';
  throw new UsageError(`--${flag} must be ${allowed}; given ${text}`);
}

/** `0-99`, `100-`, `-100`. */
export function parseRange(text: string): ByteRange {
  const match = /^(?<first>\d*)-(?<last>\d*)$/.exec(text);
  const first = match?.groups?.['first'] ?? '';
  const last = match?.groups?.['last'] ?? '';
  if (first !== '') return { first: Number(first), last: last === '' ? undefined : Number(last) };
  if (last !== '') return { suffix: Number(last) };
  throw new UsageError(`--range must be FIRST-LAST, FIRST- or -LENGTH; given ${text}`);
}

export function parseCount(flag: string, text: string, max: number): number {
  const count = /^\d+$/.test(text) ? Number(text) : 0;
  if (count >= 1 && count <= max) return count;
  throw new UsageError(`--${flag} must be a whole number from 1 to ${max}; given ${text}`);
}

/** `name=value` pairs. */
export function parsePairs(flag: string, texts: readonly string[]): ReadonlyMap<string, string> {
  const pairs = new Map<string, string>();
  for (const text of texts) {
    const equals = text.indexOf('=');
    if (equals < 1) throw new UsageError(`--${flag} must be NAME=VALUE; given ${text}`);
    pairs.set(text.slice(0, equals), text.slice(equals + 1));
  }
  return pairs;
}
