import { objectIdOf } from './client-operation.js';
import { isLinearizable } from './linearizability.js';
import type { World } from './world.js';

/** What is wrong right now, in any state of the world, however many processes have crashed. */
export function violationNow(world: World): string | undefined {
  const failure = world.failure();
  if (failure !== undefined) return failure;
  const blobs = new Map(world.stores.longTerm.snapshot().map((blob) => [blob.name, blob.size]));
  for (const [path, { content }] of world.stores.highVolume.snapshot()) {
    if (content?.kind !== 'tombstone') continue;
    const size = blobs.get(content.blob);
    if (size === undefined) return `I1: the tombstone of ${path} names a missing blob`;
    if (size !== content.metadata.size) return `I1: the blob of ${path} has another size`;
  }
  return undefined;
}

/** What is wrong with the answers that callers were given. */
export function violationOfHistory(world: World): string | undefined {
  const history = world.history();
  for (const [key, initial] of world.initial.entries()) {
    const entries = history.filter((entry) => entry.key === key);
    if (isLinearizable(initial, entries)) continue;
    const told = entries.map((entry) => describe(entry)).join('; ');
    return `I5: no order explains the answers about ${objectIdOf(key).path}: ${told}`;
  }
  return undefined;
}

function describe(entry: { process: number; action: object; result: object }): string {
  return `${entry.process} ${JSON.stringify(entry.action)} -> ${JSON.stringify(entry.result)}`;
}

/** What is wrong once faults have healed and cleanup has had its turn. */
export function violationAtRest(world: World): string | undefined {
  const { longTerm, highVolume, changeLog } = world.stores;
  const [logged] = changeLog.snapshot();
  if (logged !== undefined) return `I6: change ${logged.changeId} is still on the log`;
  const named = new Set<string>();
  let bytesNamed = 0;
  for (const [, { content }] of highVolume.snapshot()) {
    if (content?.kind !== 'tombstone') continue;
    named.add(content.blob);
    bytesNamed += content.metadata.size;
  }
  let bytesStored = 0;
  for (const blob of longTerm.snapshot()) {
    if (!named.has(blob.name)) return `I6: ${blob.name} is an orphan`;
    bytesStored += blob.size;
  }
  if (bytesNamed !== bytesStored) return `I9: ${bytesStored} bytes are stored, ${bytesNamed} named`;
  return undefined;
}
