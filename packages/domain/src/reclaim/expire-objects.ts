import type { EngineParts } from '../engine/engine-parts.js';
import { expireObject } from '../engine/expire-object.js';
import type { ObjectId, StoragePath } from '../object-id.js';

export interface ExpireObjectsRequest {
  readonly after?: StoragePath | undefined;
  /** At most so many rows are looked at. */
  readonly examinedMax: number;
  readonly signal?: AbortSignal | undefined;
}

export interface ExpireObjectsReport {
  readonly examined: number;
  readonly expired: number;
  /** Rows that could not be expired now, and why. They stay, and read as absent all the same. */
  readonly failed: readonly { readonly id: ObjectId; readonly cause: unknown }[];
  /** Rows that cannot be read. They stay. */
  readonly undecided: readonly StoragePath[];
  readonly next?: StoragePath | undefined;
}

/** Looks at one page of rows, and empties those whose time has come. */
export async function expireObjects(
  engine: EngineParts,
  request: ExpireObjectsRequest,
): Promise<ExpireObjectsReport> {
  const { after, examinedMax, signal } = request;
  const page = await engine.highVolume.listExpired(after, examinedMax);
  const failed: { id: ObjectId; cause: unknown }[] = [];
  let expired = 0;
  for (const { id, revision } of page.expired) {
    if (signal?.aborted === true)
      return { examined: 0, expired, failed, undecided: [], next: after };
    try {
      const outcome = await expireObject(engine, { id, revision });
      if (outcome.kind === 'expired') expired += 1;
    } catch (cause) {
      failed.push({ id, cause });
    }
  }
  const { examined, undecided, next } = page;
  return { examined, expired, failed, undecided, next };
}
