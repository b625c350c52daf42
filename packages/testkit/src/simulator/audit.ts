import {
  changeIdOf,
  parseBlobName,
  type BlobName,
  type ChangeId,
  type Revision,
  type Timestamp,
} from '@holdfast/domain';
import type { StoredRow } from '../memory-high-volume-tier.js';
import type { StoredBlob } from '../memory-long-term-tier.js';
import { ttlMs } from './engine-process.js';
import type { SimulationPlan } from './plan.js';
import type { Stores } from './stores.js';

/** Remembers of earlier steps what it takes to judge later ones. */
export interface Audit {
  /** Looks at the stores after a step, and answers what should not have happened in it. */
  look(seen: SeenStores): string | undefined;
  wasLogged(changeId: ChangeId): boolean;
  /**
   * The blob landed when its change could no longer commit, or was an orphan from the beginning, or came
   * back by a loss of power: whoever cleaned up after the change may have been there before it, and only a
   * listing finds it now.
   */
  isLate(blob: BlobName): boolean;
  /** What it remembers, as far as its later judgement depends on it. */
  stateText(): string;
}

/** The stores as they are after a step. */
export interface SeenStores {
  readonly rows: ReadonlyMap<string, StoredRow>;
  readonly blobs: ReadonlyMap<BlobName, StoredBlob>;
}

export function seeStores({ highVolume, longTerm }: Stores): SeenStores {
  const blobs = new Map(longTerm.snapshot().map((blob) => [blob.name, blob]));
  return { rows: highVolume.snapshot(), blobs };
}

interface SeenRow {
  readonly revision: Revision;
  readonly expires: Timestamp | undefined;
}

/**
 * A blob stays for `readerGraceMs` after the last moment at which a row named it. These are no
 * exceptions that the audit makes, but follow from what it looks at:
 *
 * - A blob that no row ever named may go at once: nobody can have opened it.
 * - An expired row names its blob until it is emptied, so that the grace begins only then.
 * - Clocks that differ shorten the grace: it is written down by one process and judged by another,
 *   which may be ahead by twice the skew.
 */
export function createAudit(plan: SimulationPlan, stores: Stores): Audit {
  const { clock, changeLog } = stores;
  const graceMs = Math.max(0, plan.readerGraceMs - 2 * plan.clockSkewMs);
  const logged = new Set<ChangeId>();
  const late = new Set<BlobName>();
  const removed = new Set<BlobName>();
  const lastNamed = new Map<BlobName, Timestamp>();
  const initial = seeStores(stores);
  let { blobs } = initial;
  let rows = new Map<string, SeenRow>();
  const inUse = new Set([...initial.rows.values()].map(({ content }) => blobOf(content)));
  for (const blob of blobs.keys()) if (!inUse.has(blob)) late.add(blob);

  function arrived(blob: BlobName, { rows: now }: SeenStores): string | undefined {
    if (removed.has(blob)) {
      // It came back by a loss of power.
      late.add(blob);
      return undefined;
    }
    const parts = parseBlobName(blob);
    if (parts === undefined) return `I8: ${blob} is no name of a blob`;
    const changeId = changeIdOf(parts.revision);
    if (!logged.has(changeId)) return `I6: ${blob} was created before its change was logged`;
    const isLogged = changeLog.snapshot().some((change) => change.changeId === changeId);
    const canCommit = now.get(parts.id.path)?.intents.includes(changeId);
    if (!isLogged || canCommit !== true) late.add(blob);
    return undefined;
  }

  function departed(blob: BlobName): string | undefined {
    removed.add(blob);
    const named = lastNamed.get(blob);
    lastNamed.delete(blob);
    const agoMs = named === undefined ? Infinity : clock.now() - named;
    if (agoMs >= graceMs) return undefined;
    return `I4: ${blob} went ${agoMs} ms after a row named it, and its readers with it`;
  }

  function lookAtBlobs(seen: SeenStores): string | undefined {
    const { blobs: now } = seen;
    let wrong: string | undefined;
    for (const name of now.keys()) if (!blobs.has(name)) wrong ??= arrived(name, seen);
    for (const name of blobs.keys()) if (!now.has(name)) wrong ??= departed(name);
    blobs = now;
    return wrong;
  }

  function lookAtRow(path: string, { content }: StoredRow): string | undefined {
    if (content === undefined) return undefined;
    const { revision, timeExpires: expires, expiration } = content.metadata;
    const before = rows.get(path);
    if (content.kind === 'tombstone') {
      lastNamed.set(content.blob, clock.now());
      const wrong = expiresBefore(blobs.get(content.blob), expires);
      if (wrong) return `I1: the blob of ${path} expires before its row`;
    }
    if (before?.revision !== revision || before.expires === expires) return undefined;
    if (expiration.kind !== 'tti') return `I5: the expiry of ${path} moved, and it is fixed`;
    return wrongMove(path, before.expires, expires);
  }

  function wrongMove(
    path: string,
    from: Timestamp | undefined,
    to: Timestamp | undefined,
  ): string | undefined {
    const now = clock.now();
    if (from === undefined || to === undefined) return `I5: the expiry of ${path} came or went`;
    if (from <= now) return `I5: ${path} had expired and came back to life`;
    if (to < from) return `I5: the expiry of ${path} moved backward`;
    return to > now + plan.clockSkewMs + ttlMs ? `I5: ${path} expires too late` : undefined;
  }

  function lookAtRows(seen: SeenStores): string | undefined {
    const now = new Map<string, SeenRow>();
    let wrong: string | undefined;
    for (const [path, row] of seen.rows) {
      wrong ??= lookAtRow(path, row);
      if (row.content === undefined) continue;
      const { revision, timeExpires: expires } = row.content.metadata;
      now.set(path, { revision, expires });
    }
    rows = now;
    return wrong;
  }

  return {
    look(seen) {
      for (const { changeId } of changeLog.snapshot()) logged.add(changeId);
      const wrong = lookAtBlobs(seen);
      return wrong ?? lookAtRows(seen);
    },
    wasLogged: (changeId) => logged.has(changeId),
    isLate: (blob) => late.has(blob),
    stateText: () => JSON.stringify([[...logged], [...late], [...lastNamed]]),
  };
}

function blobOf(content: StoredRow['content']): BlobName | undefined {
  return content?.kind === 'tombstone' ? content.blob : undefined;
}

/** Of a blob that is missing, another invariant speaks. */
function expiresBefore(blob: StoredBlob | undefined, expires: Timestamp | undefined): boolean {
  if (blob?.timeExpires === undefined) return false;
  return expires === undefined || blob.timeExpires < expires;
}
