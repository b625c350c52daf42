import type { Change } from '../change.js';
import type { EngineParts } from '../engine/engine-parts.js';
import { listedBytesMax, listStepMax } from '../limits.js';
import { invalidPageToken, parsePageSize, parsePageToken } from '../page.js';
import type { UndecidedEntry } from '../ports/long-term-tier.js';
import { changeIdOf, isRevision, type ChangeId } from '../revision.js';
import { utf8Length } from '../text.js';
import type { Timestamp } from '../timestamp.js';
import { describeUnreadableChange } from './undecided.js';

export interface ListChangesRequest {
  /** Only changes whose deadline is at or before this time. */
  readonly dueAt?: Timestamp | undefined;
  /** So many entries are looked at. */
  readonly pageSize?: number | undefined;
  readonly pageToken?: string | undefined;
}

export interface ListChangesOutcome {
  readonly changes: readonly Change[];
  readonly undecided: readonly UndecidedEntry[];
  readonly nextPageToken?: string | undefined;
}

const tokenFormat = 'changes-1:';

/**
 * Lists the changes that are not settled yet, oldest first, page by page. A page of long names ends
 * early, so that its answer stays of a size that can be sent.
 */
export async function listChanges(
  engine: EngineParts,
  { dueAt, pageSize, pageToken }: ListChangesRequest,
): Promise<ListChangesOutcome> {
  const changes: Change[] = [];
  const undecided: UndecidedEntry[] = [];
  let after = afterToken(pageToken);
  let bytes = 0;
  for (let left = parsePageSize(pageSize); left > 0; left -= listStepMax) {
    const examinedMax = Math.min(left, listStepMax);
    const page = await engine.changeLog.list({ after, dueAt, examinedMax });
    changes.push(...page.changes);
    for (const name of page.undecided) undecided.push(await describeUnreadableChange(engine, name));
    after = page.next;
    for (const change of page.changes) bytes += namesBytes(change);
    if (after === undefined || bytes >= listedBytesMax) break;
  }
  return { changes, undecided, nextPageToken: after && `${tokenFormat}${after}` };
}

function namesBytes({ objectId, newBlob, oldBlob }: Change): number {
  const blobs = (newBlob === undefined ? 0 : 1) + (oldBlob === undefined ? 0 : 1);
  return utf8Length(objectId.path) * (1 + blobs);
}

function afterToken(token: string | undefined): ChangeId | undefined {
  const id = parsePageToken(token, tokenFormat);
  if (token === undefined || id === undefined) return undefined;
  if (isRevision(id)) return changeIdOf(id);
  throw invalidPageToken(token);
}
