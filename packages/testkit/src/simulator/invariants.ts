import { parseBlobName, revisionOf, type BlobName, type ChangeId } from '@holdfast/domain';
import { seeStores, type SeenStores } from './audit.js';
import { objectIdOf } from './client-operation.js';
import { ttlMs } from './engine-process.js';
import { isLinearizable } from './linearizability.js';
import type { World } from './world.js';

/** What is wrong right now, in any state of the world, however many processes have crashed. */
export function violationNow(world: World): string | undefined {
  const seen = seeStores(world.stores);
  return world.failure() ?? danglingRow(seen) ?? world.audit.look(seen);
}

/** A row that nobody can read counts like any other: nothing of it may be deleted. */
function danglingRow({ rows, blobs }: SeenStores): string | undefined {
  for (const [path, { content }] of rows) {
    if (content?.kind !== 'tombstone') continue;
    const size = blobs.get(content.blob)?.size;
    if (size === undefined) return `I1: the tombstone of ${path} names a missing blob`;
    if (size !== content.metadata.size) return `I1: the blob of ${path} has another size`;
  }
  return undefined;
}

/** What is wrong with the answers that callers were given. */
export function violationOfHistory(world: World): string | undefined {
  const history = world.history();
  const reads = world.idleReads();
  const reachMs = ttlMs + world.plan.clockSkewMs;
  for (const [key, initial] of world.initial.entries()) {
    const entries = history.filter((entry) => entry.key === key);
    const ofKey = reads.filter((read) => read.key === key);
    if (isLinearizable(initial, entries, { reads: ofKey, reachMs })) continue;
    const told = entries.map((entry) => describe(entry)).join('; ');
    return `I5: no order explains the answers about ${objectIdOf(key).path}: ${told}`;
  }
  return undefined;
}

function describe(entry: { process: number; action: object; result: object }): string {
  return `${entry.process} ${JSON.stringify(entry.action)} -> ${JSON.stringify(entry.result)}`;
}

/** Whether jobs, recovery and expiry have nothing left to do. */
export function isQuiet(world: World): boolean {
  const { clock, queue, highVolume } = world.stores;
  if (queue.jobs().length > 0 || changesLeft(world).length > 0) return false;
  return [...highVolume.snapshot().values()].every(({ content, unreadable }) => {
    const expires = content?.metadata.timeExpires;
    return unreadable || expires === undefined || expires > clock.now();
  });
}

/**
 * What the change log has lost sight of: a blob that no row names once all changes are settled, and
 * that was not merely late. No sweep may be needed for it.
 */
export function violationWhenQuiet(world: World): string | undefined {
  const [change] = changesLeft(world);
  if (change !== undefined) return `I7: change ${change} is not settled`;
  const forgotten = orphans(world).find(
    (blob) =>
      !world.audit.isLate(blob) && world.unreadableChanges.every(({ oldBlob }) => oldBlob !== blob),
  );
  if (forgotten === undefined) return undefined;
  return `I6: nothing names ${forgotten}, and the change log forgot it`;
}

/** What is wrong once faults have healed and cleanup, the sweep of orphans too, has had its turn. */
export function violationAtRest(world: World): string | undefined {
  const [change] = changesLeft(world);
  if (change !== undefined) return `I6: change ${change} is still on the log`;
  const [orphan] = orphans(world);
  if (orphan !== undefined) return `I6: ${orphan} is an orphan`;
  return intentLeft(world) ?? wrongTotal(world);
}

/** Changes on the log that somebody could settle. */
function changesLeft({ stores }: World): readonly ChangeId[] {
  const rows = stores.highVolume.snapshot();
  return stores.changeLog.snapshot().flatMap(({ changeId, objectId }) => {
    return rows.get(objectId.path)?.unreadable === true ? [] : [changeId];
  });
}

/** Blobs that nothing names, but for those of which that cannot be known. */
function orphans({ stores, unreadableChanges }: World): readonly BlobName[] {
  const rows = stores.highVolume.snapshot();
  const names = stores.longTerm.snapshot().map(({ name }) => name);
  return names.filter((name) => {
    const row = rows.get(parseBlobName(name)?.id.path ?? objectIdOf(0).path);
    if (row?.unreadable === true) return false;
    // An entry that cannot be read keeps the blob of its own write, and no other.
    if (unreadableChanges.some(({ newBlob }) => newBlob === name)) return false;
    return row?.content?.kind !== 'tombstone' || row.content.blob !== name;
  });
}

/**
 * A change that was on the log is fenced when it is settled. Any other may leave its intent in the
 * row, where it does no harm, if its process died or its fence was struck by a fault.
 */
function intentLeft(world: World): string | undefined {
  const { stores, audit, unreadableChanges, callers } = world;
  const exempt = new Set(unreadableChanges.map(({ changeId }) => changeId));
  for (const [path, { intents, unreadable }] of stores.highVolume.snapshot()) {
    if (unreadable) continue;
    for (const intent of intents) {
      if (exempt.has(intent)) continue;
      if (audit.wasLogged(intent)) return `I6: ${path} has an intent of logged change ${intent}`;
      const process = world.processes()[callers.writerOf(revisionOf(intent)) ?? -1];
      if (process?.troubled !== true) return `I6: ${path} has an intent of ${intent}, for nothing`;
    }
  }
  return undefined;
}

function wrongTotal({ stores, unreadableChanges }: World): string | undefined {
  const rows = [...stores.highVolume.snapshot().values()];
  if (unreadableChanges.length > 0 || rows.some(({ unreadable }) => unreadable)) return undefined;
  let named = 0;
  for (const { content } of rows) if (content?.kind === 'tombstone') named += content.metadata.size;
  const stored = stores.longTerm.snapshot().reduce((sum, { size }) => sum + size, 0);
  return named === stored ? undefined : `I9: ${stored} bytes are stored, ${named} named`;
}
