import type { EngineParts } from '../engine/engine-parts.js';
import { expireObject } from '../engine/expire-object.js';
import type { ObjectId, StoragePath } from '../object-id.js';
import type { ExpiredObject } from '../ports/high-volume-tier.js';
import { sweepInSteps, type SweepBounds, type SweepReach } from './sweep-in-steps.js';

export interface ExpireObjectsRequest extends SweepBounds {
  readonly after?: StoragePath | undefined;
}

export interface ExpireObjectsReport extends SweepReach<StoragePath> {
  readonly examined: number;
  readonly expired: number;
  /** Rows that could not be expired now, and why. They stay, and read as absent all the same. */
  readonly failed: readonly { readonly id: ObjectId; readonly cause: unknown }[];
  /** Rows that cannot be read. They stay. */
  readonly undecided: readonly StoragePath[];
}

/** Looks at rows, a few at a time, and empties those whose time has come. */
export async function expireObjects(
  engine: EngineParts,
  request: ExpireObjectsRequest,
): Promise<ExpireObjectsReport> {
  const failed: { id: ObjectId; cause: unknown }[] = [];
  const undecided: StoragePath[] = [];
  let examined = 0;
  let expired = 0;

  async function expire({ id, revision }: ExpiredObject): Promise<void> {
    try {
      const outcome = await expireObject(engine, { id, revision });
      if (outcome.kind === 'expired') expired += 1;
    } catch (cause) {
      failed.push({ id, cause });
    }
  }

  const reach = await sweepInSteps(request, request.after, async (after, examinedMax) => {
    const page = await engine.highVolume.listExpired(after, examinedMax);
    examined += page.examined;
    undecided.push(...page.undecided);
    for (const object of page.expired) await expire(object);
    return page.next;
  });
  return { examined, expired, failed, undecided, ...reach };
}
