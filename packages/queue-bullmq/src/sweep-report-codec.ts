import {
  isBlobName,
  isRevision,
  keptReasons,
  parseStoragePath,
  type KeptCount,
  type KeptReason,
  type SweepCounts,
  type SweepDamage,
  type SweepError,
  type SweepFindings,
  type SweepReport,
  type SweepRunId,
  type UndecidedEntry,
  type UsecaseSweepCounts,
} from '@holdfast/domain';
import {
  readAs,
  readCount,
  readFields,
  readFlag,
  readList,
  readMs,
  readOneOf,
  readOptional,
  readText,
  withoutUndefined,
  type Fields,
} from './read-json.js';
import { readSweepRequest, readSweepRunId, readTime } from './sweep-request-codec.js';

/* A report as Redis keeps it: `{ v: 1, … }` as it is, but that damaged objects go by their paths. */

const version = 1;
/** More than a report of this version ever holds. */
const listedMax = 10_000;

export const sweepStates = ['running', 'ended', 'cancelled', 'failed'] as const;

export function encodeReport(report: SweepReport): string {
  const { findings } = report;
  const damage = findings.damage.map(({ id, ...rest }) => ({ ...rest, path: id.path }));
  return JSON.stringify({ v: version, ...report, findings: { ...findings, damage } });
}

/** The report of this run; throws for what this version cannot read. */
export function decodeReport(runId: SweepRunId, text: string): SweepReport {
  const fields = readFields(JSON.parse(text));
  if (fields['v'] !== version) throw new TypeError('its version is another one');
  if (readSweepRunId(fields['runId']) !== runId) throw new TypeError('it is of another run');
  return withoutUndefined({
    runId,
    request: readSweepRequest(fields['request']),
    state: readOneOf(sweepStates)(fields['state']),
    timeStarted: readTime(fields['timeStarted']),
    elapsedMs: readMs(fields['elapsedMs']),
    findings: readFindings(fields['findings']),
    truncated: readFlag(fields['truncated']),
    cursor: readOptional(readText)(fields['cursor']),
    error: readOptional(readError)(fields['error']),
  });
}

function readFindings(value: unknown): SweepFindings {
  const { counts, usecases, damaged, damage, undecided, undecidedEntries } = readFields(value);
  return {
    counts: readCounts(readFields(counts)),
    usecases: readList(usecases, readUsecase, listedMax),
    damaged: readCount(damaged),
    damage: readList(damage, readDamage, listedMax),
    undecided: readCount(undecided),
    undecidedEntries: readList(undecidedEntries, readUndecided, listedMax),
  };
}

function readCounts(fields: Fields): SweepCounts {
  return {
    scanned: readCount(fields['scanned']),
    removed: readCount(fields['removed']),
    freedBytes: readCount(fields['freedBytes']),
    readBytes: readCount(fields['readBytes']),
    kept: readKept(readFields(fields['kept'])),
  };
}

function readKept(fields: Fields): SweepCounts['kept'] {
  const kept: Partial<Record<KeptReason, KeptCount>> = {};
  for (const reason of keptReasons) {
    if (fields[reason] === undefined) continue;
    const { entries, bytes } = readFields(fields[reason]);
    kept[reason] = { entries: readCount(entries), bytes: readCount(bytes) };
  }
  return kept;
}

function readUsecase(value: unknown): UsecaseSweepCounts {
  const fields = readFields(value);
  const usecase = readOptional(readText)(fields['usecase']);
  return withoutUndefined({ usecase, ...readCounts(fields) });
}

function readDamage(value: unknown): SweepDamage {
  const { path, revision, blob, kind, description } = readFields(value);
  return withoutUndefined({
    id: parseStoragePath(readText(path)),
    revision: readAs(isRevision)(revision),
    blob: readOptional(readAs(isBlobName))(blob),
    kind: readOneOf(['missing', 'wrong-size', 'wrong-checksum'])(kind),
    description: readText(description),
  });
}

function readUndecided(value: unknown): UndecidedEntry {
  const { where, why } = readFields(value);
  return { where: readText(where), why: readText(why) };
}

function readError(value: unknown): SweepError {
  const { reason, message } = readFields(value);
  return { reason: readText(reason), message: readText(message) };
}
