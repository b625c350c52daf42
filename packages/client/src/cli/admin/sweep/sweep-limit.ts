import type { sweeper } from '@holdfast/contracts';
import { limits } from '@holdfast/domain';
import { durationMessage } from '@holdfast/rpc';
import type { FlagTable } from '../../command.js';
import type { Flags } from '../../parse-arguments.js';
import { parseBytes, parseCount, parseDuration } from '../../parse-value.js';

/** How far a run goes of which nobody has said how far. */
const timeMsDefault = 600_000;

/** What all duties take. */
export const limitFlags: FlagTable = {
  entries: { value: 'N', help: 'end after looking at so many entries' },
  time: { value: 'DURATION', help: 'end after so long; 10m where no limit is given' },
  bytes: { value: 'SIZE', help: 'end after so many bytes freed or read: 64MiB, 1.5GiB' },
  'dry-run': { help: 'change nothing, only report what would be done' },
  'from-start': { help: 'begin at the beginning, not where the last run was cut short' },
};

export interface LimitedRequest {
  readonly limit: sweeper.SweepLimit;
  readonly dryRun: boolean;
  readonly fromStart: boolean;
}

export function limitedRequest(flags: Flags): LimitedRequest {
  return {
    limit: limitOf(flags),
    dryRun: flags.isSet('dry-run'),
    fromStart: flags.isSet('from-start'),
  };
}

function limitOf(flags: Flags): sweeper.SweepLimit {
  const entries = countOf(flags, 'entries');
  const bytes = flags.text('bytes');
  const time = flags.text('time');
  const isLimited = entries !== undefined || bytes !== undefined || time !== undefined;
  const timeMs = time === undefined ? undefined : parseDuration('time', time);
  const durationMs = isLimited ? timeMs : timeMsDefault;
  return {
    entries,
    duration: durationMs === undefined ? undefined : durationMessage(durationMs),
    bytes: bytes === undefined ? undefined : BigInt(parseBytes('bytes', bytes)),
  };
}

/** Of entries to look at, or of those to act on. */
export function countOf(flags: Flags, flag: string): bigint | undefined {
  const text = flags.text(flag);
  return text === undefined ? undefined : BigInt(parseCount(flag, text, limits.sweepEntriesMax));
}
