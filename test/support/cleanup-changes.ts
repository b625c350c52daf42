import {
  blobNameOf,
  changeIdOf,
  parseObjectId,
  type Change,
  type Timestamp,
} from '@holdfast/domain';
import { createRevisionIds, systemClock as clock } from '@holdfast/service-kit';
import { openLmdbStore } from '@holdfast/tier-lmdb';
import { join } from 'node:path';
import { usecase } from './cleanup-writes.js';
import type { Cluster } from './cluster.js';

const recordsAtOnce = 10_000;

/**
 * Writes so many changes to the log of a store that does not run, as writers leave them that die
 * before they have uploaded anything. Their time is over.
 */
export async function recordChanges(
  { directory }: Pick<Cluster, 'directory'>,
  count: number,
): Promise<void> {
  const store = await openLmdbStore({ directory: join(directory, 'rows') }, { clock });
  try {
    const ids = createRevisionIds(clock);
    const deadline = (clock.now() - 1) as Timestamp;
    const changes = Array.from({ length: count }, (_, index): Change => {
      const revision = ids.revision();
      const objectId = parseObjectId({ usecase, scopes: [], key: `abandoned-${index}` });
      const newBlob = blobNameOf(objectId, revision);
      return { changeId: changeIdOf(revision), objectId, newBlob, deadline };
    });
    for (let at = 0; at < changes.length; at += recordsAtOnce) {
      const batch = changes.slice(at, at + recordsAtOnce);
      await Promise.all(batch.map((change) => store.changeLog.record(change)));
    }
  } finally {
    await store.close();
  }
}
