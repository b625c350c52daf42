import { assert } from '../assert.js';
import { DomainError } from '../errors.js';
import type { EngineParts } from '../engine/engine-parts.js';
import { isExpired } from '../expiration.js';
import type { ObjectId, StoragePath } from '../object-id.js';
import type { ListedRow } from '../ports/high-volume-tier.js';
import type { UndecidedEntry } from '../ports/long-term-tier.js';
import { compareUtf8 } from '../text.js';
import type { UsecaseCount } from '../usecase-count.js';
import type { StepTimer } from './step-timer.js';
import { describeUnreadableRow, usecaseOf } from './undecided.js';
import { createUsecaseCounter } from './usecase-counts.js';
import { verifyObject } from './verify-object.js';
import type { PartlyVerified, VerifyPosition } from './verify-token.js';
import type { Damage, ReadBudget, Verdict } from './verify-verdict.js';

export interface VerifyFindings {
  /** Objects whose last bytes have been compared. */
  readonly verified: number;
  readonly verifiedBytes: number;
  readonly damage: readonly (Damage & { readonly id: ObjectId })[];
  /** What could not be compared. */
  readonly undecided: readonly UndecidedEntry[];
  readonly counts: readonly UsecaseCount[];
}

/** One step of verifying: what it may still read, and what it has found. */
export interface VerifyStep {
  /** Answers where to go on if the object could not be finished. */
  verify(id: ObjectId, from?: PartlyVerified): Promise<VerifyPosition | undefined>;
  /** Answers where to go on unless it came to the end of `rows`, which begin after `start`. */
  verifyRows(
    rows: readonly ListedRow[],
    start: VerifyPosition | undefined,
  ): Promise<VerifyPosition | undefined>;
  /** Of the rows up to `end`, if that is given. */
  show(unreadable: readonly StoragePath[], end: VerifyPosition | undefined): Promise<void>;
  findings(): VerifyFindings;
}

export function createVerifyStep(
  engine: EngineParts,
  bytesMax: number,
  timer: StepTimer,
): VerifyStep {
  const damage: (Damage & { readonly id: ObjectId })[] = [];
  const undecided: UndecidedEntry[] = [];
  const counter = createUsecaseCounter();
  let begun = 0;
  let verified = 0;
  let verifiedBytes = 0;

  const budget: ReadBudget = {
    bytesLeft: () => Math.max(0, bytesMax - verifiedBytes),
    take: (bytes) => void (verifiedBytes += bytes),
    isOver: () => timer.isOver(),
    signal: timer.signal,
  };

  /** The first object in any case. Of inline ones only those that fit: they are read in one piece. */
  function mayBegin({ metadata, blob }: ListedRow): boolean {
    if (begun === 0) return true;
    if (timer.isOver() || budget.bytesLeft() === 0) return false;
    return blob !== undefined || metadata.size <= budget.bytesLeft();
  }

  function note(id: ObjectId, verdict: Exclude<Verdict, { readonly kind: 'unfinished' }>): void {
    if (verdict.kind === 'absent') return;
    counter.examined(id.usecase);
    if (verdict.kind === 'undecided') undecided.push({ where: id.path, why: verdict.why });
    if (verdict.kind === 'damaged') {
      damage.push({ id, ...verdict.damage });
      reportDamage(engine, id, verdict.damage);
    }
    if (verdict.kind === 'sound' || (verdict.kind === 'damaged' && verdict.isCompared)) {
      verified += 1;
    }
  }

  async function verify(id: ObjectId, from?: PartlyVerified): Promise<VerifyPosition | undefined> {
    const isFirst = begun === 0;
    begun += 1;
    const verdict = await verifyObject(engine, id, from, budget);
    if (verdict.kind !== 'unfinished') {
      note(id, verdict);
      return undefined;
    }
    // To begin with it again would be to never get past it.
    const isStuck = isFirst && verifiedBytes === 0;
    if (!isStuck) return { kind: 'within', id, path: id.path, ...verdict.known };
    note(id, { kind: 'undecided', why: 'nothing of it could be read in the time of a step' });
    return undefined;
  }

  return {
    verify,
    async verifyRows(rows, start) {
      let position = start;
      for (const row of rows) {
        if (!isExpired(row.metadata.timeExpires, engine.clock.now())) {
          if (!mayBegin(row)) {
            assert(position !== undefined, 'a step begins its first object');
            return position;
          }
          const rest = await verify(row.id);
          if (rest !== undefined) return rest;
        }
        position = { kind: 'after', path: row.id.path };
      }
      return undefined;
    },
    async show(unreadable, end) {
      for (const path of unreadable) {
        if (end !== undefined && compareUtf8(path, end.path) > 0) continue;
        const usecase = usecaseOf(path);
        if (usecase !== undefined) counter.examined(usecase);
        undecided.push(await describeUnreadableRow(engine, path));
      }
    },
    findings: () => ({ verified, verifiedBytes, damage, undecided, counts: counter.counts() }),
  };
}

function reportDamage(engine: EngineParts, id: ObjectId, damage: Damage): void {
  const { kind, blob, description: why } = damage;
  if (kind === 'missing' && blob !== undefined) {
    return engine.observer.report({ kind: 'dangling-tombstone', id, blob });
  }
  const cause = new DomainError({ code: 'CHECKSUM_MISMATCH', what: id.path, why });
  engine.observer.report({ kind: 'damaged-object', id, cause });
}
