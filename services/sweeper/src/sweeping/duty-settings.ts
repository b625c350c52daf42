import type { SweepKind, SweepRequest } from '@holdfast/domain';
import type { Settings } from '../config.js';

export type DutySettings = Settings['duties'];

/** What the settings say about when a kind of sweep runs by itself. */
export interface Schedule {
  readonly enabled: boolean;
  readonly everyMs: number;
  readonly everyMsMax: number;
}

const names = {
  'recover-changes': 'recoverChanges',
  'reclaim-orphans': 'reclaimOrphans',
  'expire-objects': 'expireObjects',
  'verify-objects': 'verifyObjects',
} as const satisfies Record<SweepKind, keyof DutySettings>;

export function scheduleOf(duties: DutySettings, kind: SweepKind): Schedule {
  return duties[names[kind]];
}

/** What a sweep does that nobody has asked for. */
export function scheduledRequest(duties: DutySettings, kind: SweepKind): SweepRequest {
  const { limit } = duties[names[kind]];
  const request = { kind, limit, dryRun: false, fromStart: false };
  if (kind !== 'reclaim-orphans') return request;
  const { ageMsMin, orphansMax } = duties.reclaimOrphans;
  return { ...request, ageMsMin, orphansMax };
}
