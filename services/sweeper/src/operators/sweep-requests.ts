import type { Duration, sweeper } from '@holdfast/contracts';
import {
  limits,
  parseSweepLimit,
  type SweepKind,
  type SweepLimit,
  type SweepRequest,
} from '@holdfast/domain';
import { invalidField, millisecondsOf } from '@holdfast/rpc';
import type { DutySettings } from '../sweeping/duty-settings.js';

/* What the four triggers hold their requests to. */

interface TriggerRequest {
  readonly limit: sweeper.SweepLimit | undefined;
  readonly dryRun: boolean;
  readonly fromStart: boolean;
}

export function readRequest(kind: SweepKind, request: TriggerRequest): SweepRequest {
  const { limit, dryRun, fromStart } = request;
  return { kind, limit: readLimit(limit), dryRun, fromStart };
}

/** What the settings say of runs that nobody asks for. */
type ReclaimDefaults = Pick<DutySettings['reclaimOrphans'], 'ageMsMin' | 'orphansMax'>;

export function readReclaimRequest(
  request: sweeper.ReclaimOrphansRequest,
  { ageMsMin, orphansMax }: ReclaimDefaults,
): SweepRequest {
  const { minAge, orphansLimit } = request;
  return {
    ...readRequest('reclaim-orphans', request),
    ageMsMin: minAge === undefined ? ageMsMin : readMinAge(minAge),
    orphansMax: orphansLimit === undefined ? orphansMax : readOrphansLimit(orphansLimit),
  };
}

function readLimit(limit: sweeper.SweepLimit | undefined): SweepLimit {
  const { entries, duration, bytes } = limit ?? {};
  return parseSweepLimit({
    entries: numberOf(entries),
    durationMs: duration && readDurationLimit(duration),
    bytes: numberOf(bytes),
  });
}

/** What is too large to be a number of ours exactly is refused as too large in any case. */
function numberOf(value: bigint | undefined): number | undefined {
  return value === undefined ? undefined : Number(value);
}

function readMs(field: string, duration: Duration): number {
  const ms = millisecondsOf(duration);
  if (ms !== undefined) return ms;
  throw invalidField('INVALID_LIMIT', field, 'must be a duration whose parts agree');
}

/** Rounded up, but for less than a millisecond: that is none, and refused as such. */
function readDurationLimit(duration: Duration): number {
  const ms = readMs('limit.duration', duration);
  return ms < 1 ? Math.floor(ms) : Math.ceil(ms);
}

/** Rounded up: a part of a millisecond is more than none. */
function readMinAge(age: Duration): number {
  const given = readMs('min_age', age);
  const ms = Math.ceil(given);
  if (given >= 0 && Number.isSafeInteger(ms)) return ms;
  throw invalidField('INVALID_LIMIT', 'min_age', 'must be a duration that is not negative');
}

function readOrphansLimit(limit: bigint): number {
  if (limit >= 1n && limit <= limits.sweepEntriesMax) return Number(limit);
  const why = `must be a whole number from 1 to ${limits.sweepEntriesMax}; given ${limit}`;
  throw invalidField('INVALID_LIMIT', 'orphans_limit', why);
}
