import type { SweepKind, SweepRun } from '@holdfast/domain';
import type { JobData } from './job-codec.js';
import { readFields } from './read-json.js';
import { isSweepKind, readSweepRequest, readSweepRunId, readTime } from './sweep-request-codec.js';

/*
 * A job on the queue `sweep`. Its name is the kind of sweep, its data `{ v: 1, scheduled: true }`, where
 * the settings of whoever works it off say how far it goes, or `{ v: 1, runId, timeStarted, request }` of
 * a run that somebody asked for. Once a scheduled one has become a run, that is in its data, too.
 */

const version = 1;

export interface SweepJob {
  readonly kind: SweepKind;
  readonly isScheduled: boolean;
  /** Absent where it is scheduled and nobody has begun it. */
  readonly run?: SweepRun | undefined;
}

export const scheduledData: JobData = { v: version, scheduled: true };

export function dataOfRun({ runId, timeStarted, request }: SweepRun): JobData {
  return { v: version, runId, timeStarted, request };
}

/** Of a scheduled job that has become this run. */
export function scheduledDataOf(run: SweepRun): JobData {
  return { ...dataOfRun(run), ...scheduledData };
}

/** `undefined` for what this version cannot read. */
export function decodeSweepJob(name: string, data: unknown): SweepJob | undefined {
  if (!isSweepKind(name)) return undefined;
  try {
    const { v, scheduled, ...run } = readFields(data);
    if (v !== version) return undefined;
    const isScheduled = scheduled === true;
    if (isScheduled && run['runId'] === undefined) return { kind: name, isScheduled };
    return { kind: name, isScheduled, run: readRun(name, run) };
  } catch {
    return undefined;
  }
}

function readRun(kind: SweepKind, { runId, timeStarted, request }: JobData): SweepRun {
  const read = readSweepRequest(request);
  if (read.kind !== kind) throw new TypeError('its name is of another kind');
  return { runId: readSweepRunId(runId), timeStarted: readTime(timeStarted), request: read };
}
