import { invalid } from '../errors.js';
import { sweepBytesMax, sweepDurationMsMax, sweepEntriesMax } from '../limits.js';
import type { SweepLimit } from './sweep-request.js';

/** The limit, if there is one and each of its parts is one that a run can keep. */
export function parseSweepLimit(limit: SweepLimit): SweepLimit {
  const { entries, durationMs, bytes } = limit;
  if (entries === undefined && durationMs === undefined && bytes === undefined) {
    throw invalid('INVALID_LIMIT', 'limit', 'none', 'must set entries, duration or bytes');
  }
  parsePart('limit.entries', entries, sweepEntriesMax, '');
  parsePart('limit.duration', durationMs, sweepDurationMsMax, ' of milliseconds');
  parsePart('limit.bytes', bytes, sweepBytesMax, '');
  return { entries, durationMs, bytes };
}

function parsePart(field: string, given: number | undefined, max: number, unit: string): void {
  if (given === undefined) return;
  if (Number.isSafeInteger(given) && given >= 1 && given <= max) return;
  throw invalid('INVALID_LIMIT', field, given, `must be a whole number${unit} from 1 to ${max}`);
}
