import type { Duration } from '@holdfast/contracts';
import { isTimestamp, type Timestamp } from '@holdfast/domain';
import { invalidField, millisecondsOf } from '@holdfast/rpc';

/* What every call of the service holds its request to. */

const entriesMax = 1_000;

export function checkEntries(field: string, entries: readonly string[]): void {
  if (entries.length >= 1 && entries.length <= entriesMax) return;
  const why = `must be 1 to ${entriesMax} entries, there are ${entries.length}`;
  throw invalidField('INVALID_BATCH', field, why);
}

export interface PageOfRequest {
  readonly pageSize: number | undefined;
  readonly pageToken: string | undefined;
}

/** 0 and an empty token are how proto3 says that none was given. */
export function readPage(request: { pageSize: number; pageToken: string }): PageOfRequest {
  const { pageSize, pageToken } = request;
  return {
    pageSize: pageSize === 0 ? undefined : pageSize,
    pageToken: pageToken === '' ? undefined : pageToken,
  };
}

const timeLimitMsDefault = 10_000;
const timeLimitMsMax = 20_000;

export function readTimeLimitMs(limit: Duration | undefined): number {
  if (limit === undefined) return timeLimitMsDefault;
  const ms = millisecondsOf(limit);
  if (ms !== undefined && ms > 0 && ms <= timeLimitMsMax) return Math.ceil(ms);
  const why = `must be more than nothing and at most ${timeLimitMsMax / 1_000} seconds`;
  throw invalidField('INVALID_LIMIT', 'time_limit', why);
}

const MiB = 1024 ** 2;
const bytesLimitMin = 1 * MiB;
const bytesLimitMax = 1024 * MiB;
const bytesLimitDefault = 64 * MiB;

export function readBytesLimit(limit: bigint | undefined): number {
  const bytes = limit ?? bytesLimitDefault;
  if (bytes >= bytesLimitMin && bytes <= bytesLimitMax) return Number(bytes);
  const why = `must be ${bytesLimitMin} to ${bytesLimitMax} bytes, it is ${bytes}`;
  throw invalidField('INVALID_LIMIT', 'bytes_limit', why);
}

/** Rounded up: an age is only ever caution. */
export function readMinAgeMs(age: Duration | undefined, msDefault: number): number {
  if (age === undefined) return msDefault;
  const ms = millisecondsOf(age);
  if (ms !== undefined && ms >= 0) return Math.ceil(ms);
  throw invalidField('INVALID_LIMIT', 'min_age', 'must be a duration that is not negative');
}

/** Nothing is due before there was time. */
export function readDueAt(dueAt: Date | undefined): Timestamp | undefined {
  if (dueAt === undefined) return undefined;
  const ms = Math.max(0, Math.floor(dueAt.getTime()));
  if (isTimestamp(ms)) return ms;
  throw invalidField('INVALID_PAGE', 'due_at', 'must be a time of the years 1 to 9999');
}
