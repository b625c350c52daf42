import { DomainError } from '../errors.js';
import type { EngineParts } from '../engine/engine-parts.js';
import { sweepStepMax } from '../limits.js';
import { parsePageSize } from '../page.js';
import { startStepTimer } from './step-timer.js';
import { createVerifyStep, type VerifyFindings, type VerifyStep } from './verify-step.js';
import { formatVerifyToken, parseVerifyToken, type VerifyPosition } from './verify-token.js';

export interface VerifyObjectsRequest {
  /** About so many bytes are read, and no more. One inline payload is always read whole. */
  readonly bytesMax: number;
  /** Nothing is begun after so much time. */
  readonly timeMsMax: number;
  /** So many rows are looked at. */
  readonly pageSize?: number | undefined;
  readonly pageToken?: string | undefined;
  readonly signal?: AbortSignal | undefined;
}

export interface VerifyObjectsOutcome extends VerifyFindings {
  /** Absent when the last object has been verified. */
  readonly nextPageToken?: string | undefined;
}

/**
 * Takes one step through the rows and verifies what they hold, in the order of their paths.
 *
 * 1. Go on within the payload where the step before ended, if it ended in one.
 * 2. List some rows, and verify one object after the other until bytes, time or rows are used up.
 * 3. Answer where that was. Every step comes further: its first object is begun in any case, and one
 *    of which nothing could be read in all of a step's time is passed over as undecided.
 */
export async function verifyObjects(
  engine: EngineParts,
  request: VerifyObjectsRequest,
): Promise<VerifyObjectsOutcome> {
  const { checksum, clock } = engine;
  const start = parseVerifyToken(request.pageToken, checksum);
  const rowsMax = parsePageSize(request.pageSize);
  const timer = startStepTimer(clock, request.timeMsMax, request.signal);
  try {
    const step = createVerifyStep(engine, request.bytesMax, timer);
    const end = await walk(engine, step, start, rowsMax);
    if (request.signal?.aborted === true) throw new DomainError({ code: 'CANCELLED' });
    const nextPageToken = end && formatVerifyToken(end, checksum);
    return { ...step.findings(), nextPageToken };
  } finally {
    timer.stop();
  }
}

/** So long other work of the process has a turn between two lists of rows. */
const pauseMs = 1;

/** Answers where it ended; `undefined` behind the last row. */
async function walk(
  engine: EngineParts,
  step: VerifyStep,
  start: VerifyPosition | undefined,
  rowsMax: number,
): Promise<VerifyPosition | undefined> {
  let position = start;
  let left = rowsMax;
  if (position?.kind === 'within') {
    const { id } = position;
    const rest = await step.verify(id, position);
    if (rest !== undefined) return rest;
    position = { kind: 'after', path: id.path };
    left -= 1;
  }
  for (let isFirst = true; left > 0; left -= sweepStepMax) {
    if (!isFirst) await engine.clock.sleep(pauseMs);
    isFirst = false;
    const page = await engine.highVolume.listRows(position?.path, Math.min(left, sweepStepMax));
    const end = await step.verifyRows(page.rows, position);
    await step.show(page.undecided, end);
    if (end !== undefined || page.next === undefined) return end;
    position = { kind: 'after', path: page.next };
  }
  return position;
}
