import { sweeper, maintenance, type rpc } from '@holdfast/contracts';
import {
  keptReasons,
  type KeptReason,
  type SweepCounts,
  type SweepDamage,
  type SweepError,
  type SweepKind,
  type SweepLimit,
  type SweepReport,
  type SweepState,
} from '@holdfast/domain';
import { durationMessage } from '@holdfast/rpc';
import { rpcErrorOf } from './sweep-errors.js';

const { KeptReason: KeptReasons, SweepKind: Kinds, SweepState: States } = sweeper;
const { DamageKind } = maintenance;

/* Runs and reports in the words of the contract. */

const kinds: Readonly<Record<SweepKind, sweeper.SweepKind>> = {
  'recover-changes': Kinds.RECOVER_CHANGES,
  'reclaim-orphans': Kinds.RECLAIM_ORPHANS,
  'expire-objects': Kinds.EXPIRE_OBJECTS,
  'verify-objects': Kinds.VERIFY_OBJECTS,
};

const states: Readonly<Record<SweepState, sweeper.SweepState>> = {
  running: States.RUNNING,
  ended: States.ENDED,
  cancelled: States.CANCELLED,
  failed: States.FAILED,
};

const reasons: Readonly<Record<KeptReason, sweeper.KeptReason>> = {
  live: KeptReasons.LIVE,
  young: KeptReasons.YOUNG,
  owned: KeptReasons.OWNED,
  undecided: KeptReasons.UNDECIDED,
};

const damageKinds: Readonly<Record<SweepDamage['kind'], maintenance.DamageKind>> = {
  missing: DamageKind.MISSING,
  'wrong-size': DamageKind.WRONG_SIZE,
  'wrong-checksum': DamageKind.WRONG_CHECKSUM,
};

export function kindMessage(kind: SweepKind): sweeper.SweepKind {
  return kinds[kind];
}

export function stateMessage(state: SweepState): sweeper.SweepState {
  return states[state];
}

export function progressMessage({
  runId,
  findings,
  elapsedMs,
}: SweepReport): sweeper.SweepProgress {
  const counts = countsMessage(findings.counts);
  return { runId, counts, elapsed: durationMessage(elapsedMs) };
}

export function reportMessage(report: SweepReport): sweeper.SweepReport {
  const { runId, request, state, timeStarted, elapsedMs, findings, truncated, error } = report;
  return {
    runId,
    kind: kinds[request.kind],
    dryRun: request.dryRun,
    state: states[state],
    limit: limitMessage(request.limit),
    timeStarted: new Date(timeStarted),
    elapsed: durationMessage(elapsedMs),
    counts: countsMessage(findings.counts),
    usecases: findings.usecases.map(({ usecase = '', ...counts }) => {
      return { usecase, counts: countsMessage(counts) };
    }),
    truncatedDueToLimit: truncated,
    cursor: report.cursor ?? '',
    damaged: BigInt(findings.damaged),
    damage: findings.damage.map(damageMessage),
    undecided: BigInt(findings.undecided),
    undecidedEntries: findings.undecidedEntries,
    error: error && errorMessage(error),
  };
}

function limitMessage({ entries, durationMs, bytes }: SweepLimit): sweeper.SweepLimit {
  return {
    entries: entries === undefined ? undefined : BigInt(entries),
    duration: durationMs === undefined ? undefined : durationMessage(durationMs),
    bytes: bytes === undefined ? undefined : BigInt(bytes),
  };
}

function countsMessage(counts: SweepCounts): sweeper.SweepCounts {
  return {
    scanned: BigInt(counts.scanned),
    removed: BigInt(counts.removed),
    freedBytes: BigInt(counts.freedBytes),
    readBytes: BigInt(counts.readBytes),
    kept: keptReasons.flatMap((reason) => {
      const { entries = 0, bytes = 0 } = counts.kept[reason] ?? {};
      if (entries === 0) return [];
      return [{ reason: reasons[reason], entries: BigInt(entries), bytes: BigInt(bytes) }];
    }),
  };
}

function damageMessage({ id, revision, blob, kind, description }: SweepDamage): maintenance.Damage {
  const { usecase, scopes, key } = id;
  return {
    objectId: { usecase, scopes, key },
    revision,
    blob,
    kind: damageKinds[kind],
    description,
  };
}

function errorMessage(error: SweepError): rpc.Status {
  const { code, message } = rpcErrorOf(error);
  return { code, message, details: [] };
}
