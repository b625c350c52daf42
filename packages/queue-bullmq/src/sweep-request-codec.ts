import {
  isSweepRunId,
  isTimestamp,
  parseSweepLimit,
  sweepKinds,
  type SweepKind,
  type SweepRequest,
  type Timestamp,
} from '@holdfast/domain';
import {
  readAs,
  readCount,
  readFields,
  readFlag,
  readOneOf,
  readOptional,
  withoutUndefined,
} from './read-json.js';

/* What a run of a sweep is asked for, as JSON. */

const readOptionalCount = readOptional(readCount);

const readSweepKind = readOneOf(sweepKinds);

/** Throws for what this version cannot read, and for limits that it would refuse. */
export function readSweepRequest(value: unknown): SweepRequest {
  const { kind, limit, dryRun, fromStart, ageMsMin, orphansMax } = readFields(value);
  const { entries, durationMs, bytes } = readFields(limit);
  return withoutUndefined({
    kind: readSweepKind(kind),
    limit: withoutUndefined(
      parseSweepLimit({
        entries: readOptionalCount(entries),
        durationMs: readOptionalCount(durationMs),
        bytes: readOptionalCount(bytes),
      }),
    ),
    dryRun: readFlag(dryRun),
    fromStart: readFlag(fromStart),
    ageMsMin: readOptionalCount(ageMsMin),
    orphansMax: readOptionalCount(orphansMax),
  });
}

export const readSweepRunId = readAs(isSweepRunId);

export function isSweepKind(text: string): text is SweepKind {
  return sweepKinds.some((kind) => kind === text);
}

export function readTime(value: unknown): Timestamp {
  const time = readCount(value);
  if (isTimestamp(time)) return time;
  throw new TypeError('a time is expected');
}
