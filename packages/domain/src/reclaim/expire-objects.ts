import type { EngineParts } from '../engine/engine-parts.js';
import { expireObject } from '../engine/expire-object.js';
import { isExpired } from '../expiration.js';
import type { ObjectId, StoragePath } from '../object-id.js';
import type { ListedRow } from '../ports/high-volume-tier.js';
import type { UndecidedEntry } from '../ports/long-term-tier.js';
import { compareUtf8 } from '../text.js';
import type { UsecaseCount } from '../usecase-count.js';
import { sweepInSteps, type SweepBounds, type SweepReach } from './sweep-in-steps.js';
import { describeUnreadableRow, usecaseOf } from './undecided.js';
import { createUsecaseCounter } from './usecase-counts.js';

export interface ExpireObjectsRequest extends SweepBounds {
  readonly after?: StoragePath | undefined;
  /** No more rows are looked at after so much time, and one at the least. */
  readonly timeMsMax?: number | undefined;
  /** Only count what would be removed. */
  readonly dryRun?: boolean | undefined;
}

export interface ExpireObjectsReport extends SweepReach<StoragePath> {
  readonly examined: number;
  readonly expired: number;
  /** The same by usecase, without rows of which not even that is known. */
  readonly counts: readonly UsecaseCount[];
  /** Rows that could not be expired now, and why. They stay, and read as absent all the same. */
  readonly failed: readonly { readonly id: ObjectId; readonly cause: unknown }[];
  /** Rows that cannot be read. They stay. */
  readonly undecided: readonly UndecidedEntry[];
}

/** Looks at rows, a few at a time, and empties those whose time has come. */
export async function expireObjects(
  engine: EngineParts,
  request: ExpireObjectsRequest,
): Promise<ExpireObjectsReport> {
  const run = createRun(engine, request);
  const reach = await sweepInSteps(
    request,
    request.after,
    async (after, examinedMax) => {
      const page = await engine.highVolume.listRows(after, examinedMax);
      const end = await run.lookAt(page.rows);
      await run.show(page.undecided, end);
      return end ?? page.next;
    },
    run.isOver,
  );
  return { ...run.findings(), ...reach };
}

type Findings = Omit<ExpireObjectsReport, keyof SweepReach<StoragePath>>;

interface Run {
  /** Answers the row that was looked at last if there was no time for the others. */
  lookAt(rows: readonly ListedRow[]): Promise<StoragePath | undefined>;
  /** Of the rows up to `end`, if that is given. */
  show(unreadable: readonly StoragePath[], end: StoragePath | undefined): Promise<void>;
  isOver(this: void): boolean;
  findings(): Findings;
}

function createRun(
  engine: EngineParts,
  { timeMsMax = Infinity, dryRun = false }: ExpireObjectsRequest,
): Run {
  const { clock } = engine;
  const endsAt = clock.now() + timeMsMax;
  const failed: { id: ObjectId; cause: unknown }[] = [];
  const undecided: UndecidedEntry[] = [];
  const counter = createUsecaseCounter();
  let examined = 0;
  let expired = 0;

  // Only what has been looked at makes the time go by: every run comes further.
  const isOver = (): boolean => examined > 0 && clock.now() >= endsAt;

  async function expire({ id, metadata }: ListedRow): Promise<void> {
    const { revision, size } = metadata;
    try {
      const outcome = dryRun ? undefined : await expireObject(engine, { id, revision });
      if (outcome?.kind === 'unchanged') return;
      expired += 1;
      counter.removed(id.usecase, size);
    } catch (cause) {
      failed.push({ id, cause });
    }
  }

  return {
    async lookAt(rows) {
      for (const row of rows) {
        examined += 1;
        counter.examined(row.id.usecase);
        if (isExpired(row.metadata.timeExpires, clock.now())) await expire(row);
        if (isOver() && row !== rows.at(-1)) return row.id.path;
      }
      return undefined;
    },
    async show(unreadable, end) {
      for (const path of unreadable) {
        if (end !== undefined && compareUtf8(path, end) > 0) continue;
        examined += 1;
        const usecase = usecaseOf(path);
        if (usecase !== undefined) counter.examined(usecase);
        undecided.push(await describeUnreadableRow(engine, path));
      }
    },
    isOver,
    findings: () => ({ examined, expired, counts: counter.counts(), failed, undecided }),
  };
}
