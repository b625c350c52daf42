import { maintenance, type sweeper } from '@holdfast/contracts';
import { formatObjectReference } from '../../../object-reference.js';
import { errorJson } from '../../describe-error.js';
import { shownMs } from '../durations.js';
import { timeText } from '../text-table.js';
import { reportError } from './report-error.js';
import { plainCounts } from './sweep-counts.js';
import { kindWord, sweepStateWord } from './sweep-words.js';

/** The names of the fields do not change. */
export function reportJson(report: sweeper.SweepReport) {
  const { limit, error } = report;
  return {
    runId: report.runId,
    duty: kindWord(report.kind),
    dryRun: report.dryRun,
    state: sweepStateWord(report.state),
    limit: {
      entries: limit?.entries === undefined ? null : Number(limit.entries),
      ms: limit?.duration === undefined ? null : shownMs(limit.duration),
      bytes: limit?.bytes === undefined ? null : Number(limit.bytes),
    },
    timeStarted: timeText(report.timeStarted) || null,
    elapsedMs: shownMs(report.elapsed),
    ...plainCounts(report.counts),
    usecases: report.usecases.map(({ usecase, counts }) => ({ usecase, ...plainCounts(counts) })),
    truncatedDueToLimit: report.truncatedDueToLimit,
    cursor: report.cursor || null,
    damaged: Number(report.damaged),
    damage: report.damage.map(damageJson),
    undecided: Number(report.undecided),
    undecidedEntries: report.undecidedEntries.map(({ where, why }) => ({ where, why })),
    error: error === undefined ? null : errorJson(reportError(report)),
  };
}

function damageJson(damage: maintenance.Damage) {
  return {
    reference: damagedReference(damage) || null,
    revision: damage.revision,
    blob: damage.blob ?? null,
    kind: damageWord(damage.kind),
    description: damage.description,
  };
}

export function damagedReference({ objectId }: maintenance.Damage): string {
  return objectId === undefined ? '' : formatObjectReference(objectId);
}

const { DamageKind } = maintenance;

export function damageWord(kind: maintenance.DamageKind): string {
  switch (kind) {
    case DamageKind.MISSING:
      return 'missing';
    case DamageKind.WRONG_SIZE:
      return 'wrong size';
    case DamageKind.WRONG_CHECKSUM:
      return 'wrong checksum';
    case DamageKind.UNSPECIFIED:
    case DamageKind.UNRECOGNIZED:
      return 'unknown';
  }
}
