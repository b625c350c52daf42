import { DomainError } from '../errors.js';
import type { EngineParts } from '../engine/engine-parts.js';
import { isExpired } from '../expiration.js';
import { describeStepMax } from '../limits.js';
import type { StoragePath } from '../object-id.js';
import type { ListedRow } from '../ports/high-volume-tier.js';
import { isRevision, timeOfRevision, type ChangeId } from '../revision.js';
import type { Timestamp } from '../timestamp.js';
import { createUnreferencedCount } from './count-unreferenced.js';
import { createUsageTally, type UsageTally, type UsecaseUsage } from './usage-tally.js';

export interface DescribeStorageRequest {
  /** Also add up what is stored, which looks at every row and every change. */
  readonly includeUsage: boolean;
  /** Also add up what waits to be freed, which looks at every change. `includeUsage` does so too. */
  readonly includeUnreferenced?: boolean | undefined;
  readonly signal?: AbortSignal | undefined;
}

export interface StorageDescription {
  readonly inlineThresholdBytes: number;
  /** Entries of the change log, those that cannot be read among them. */
  readonly pendingChanges: number;
  /** When the oldest of them began. */
  readonly oldestChangeTime?: Timestamp | undefined;
  /**
   * The most bytes first; the last entry may stand for all others. Nothing but `unreferencedBytes`
   * where no more was asked for.
   */
  readonly usage: readonly UsecaseUsage[];
  /**
   * Blobs that could not be read, or whose row could not be, and of which no size is known from
   * before: `unreferencedBytes` are without them. Left out where those were not asked for.
   */
  readonly uncountedBlobs?: number | undefined;
}

/** So long other work of the process has a turn between two pages. */
const pauseMs = 1;

/**
 * Tells what is stored and what waits for cleaning. Not as of one moment: what changes meanwhile may
 * be counted as it was or as it is. Memory is bounded, time is not: `signal` ends it.
 */
export async function describeStorage(
  engine: EngineParts,
  { includeUsage, includeUnreferenced, signal }: DescribeStorageRequest,
): Promise<StorageDescription> {
  const isTallied = includeUsage || includeUnreferenced === true;
  const tally = isTallied ? createUsageTally() : undefined;
  if (tally !== undefined && includeUsage) await addRows(engine, tally, signal);
  const changes = await countChanges(engine, tally, signal);
  const { inlineThresholdBytes } = engine.options;
  return { inlineThresholdBytes, ...changes, usage: tally?.usage() ?? [] };
}

async function addRows(
  engine: EngineParts,
  tally: UsageTally,
  signal: AbortSignal | undefined,
): Promise<void> {
  await eachPage<StoragePath>(engine, signal, async (after) => {
    const page = await engine.highVolume.listRows(after, describeStepMax);
    const now = engine.clock.now();
    for (const row of page.rows) addRow(tally, row, now);
    for (const path of page.undecided) engine.observer.report({ kind: 'unreadable-row', path });
    return page.next;
  });
}

function addRow(tally: UsageTally, { id, metadata, blob }: ListedRow, now: Timestamp): void {
  const { size, timeExpires } = metadata;
  const isLive = !isExpired(timeExpires, now);
  const inlineBytes = isLive && blob === undefined ? size : 0;
  // What has expired is no object any more, but its blob is there and named until it is cleaned up.
  const blobBytes = blob === undefined ? 0 : size;
  if (!isLive && blobBytes === 0) return;
  tally.addInOrder(id.usecase, { objects: isLive ? 1 : 0, inlineBytes, blobBytes });
}

async function countChanges(
  engine: EngineParts,
  tally: UsageTally | undefined,
  signal: AbortSignal | undefined,
): Promise<Pick<StorageDescription, 'pendingChanges' | 'oldestChangeTime' | 'uncountedBlobs'>> {
  const unreferenced = tally && createUnreferencedCount(engine, tally);
  let pendingChanges = 0;
  let oldestChangeTime: Timestamp | undefined;
  await eachPage<ChangeId>(engine, signal, async (after) => {
    const page = await engine.changeLog.list({ after, examinedMax: describeStepMax });
    pendingChanges += page.changes.length + page.undecided.length;
    const ids = [...page.changes.map(({ changeId }) => changeId), ...page.undecided];
    const [oldest] = ids.filter(isRevision).toSorted();
    oldestChangeTime ??= oldest && timeOfRevision(oldest);
    await unreferenced?.add(page.changes, signal);
    return page.next;
  });
  return { pendingChanges, oldestChangeTime, uncountedBlobs: unreferenced?.uncounted() };
}

async function eachPage<Cursor>(
  { clock }: EngineParts,
  signal: AbortSignal | undefined,
  look: (after: Cursor | undefined) => Promise<Cursor | undefined>,
): Promise<void> {
  let after: Cursor | undefined;
  do {
    if (after !== undefined) await clock.sleep(pauseMs, signal);
    if (signal?.aborted === true) throw new DomainError({ code: 'CANCELLED' });
    after = await look(after);
  } while (after !== undefined);
}
