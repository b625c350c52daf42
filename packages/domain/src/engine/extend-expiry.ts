import { extendedExpiry } from '../expiration.js';
import type { ObjectId } from '../object-id.js';
import type { InlineHead, TombstoneRow } from '../row.js';
import type { Timestamp } from '../timestamp.js';
import type { EngineParts } from './engine-parts.js';

/**
 * After a read: moves the expiry of an object with time-to-idle forward, when enough of it has gone.
 * The read does not wait for it. The blob's own expiry moves first, so that it is never before the
 * row's; the row's moves only if it still is at the revision that was read.
 */
export function extendExpiry(
  engine: EngineParts,
  id: ObjectId,
  row: InlineHead | TombstoneRow,
): void {
  const { expiration, timeExpires, revision } = row.metadata;
  if (expiration.kind !== 'tti') return;
  const extended = extendedExpiry(expiration, timeExpires, engine.clock.now());
  if (extended === undefined) return;
  engine.background.run(
    async () => {
      if (row.kind === 'tombstone' && !(await extendBlob(engine, row, extended))) return;
      await engine.highVolume.extend(id, revision, extended);
    },
    (cause) => engine.observer.report({ kind: 'expiry-not-extended', id, cause }),
  );
}

async function extendBlob(
  engine: EngineParts,
  row: TombstoneRow,
  timeExpires: Timestamp,
): Promise<boolean> {
  return (await engine.longTerm.extend(row.blob, timeExpires)) === 'extended';
}
