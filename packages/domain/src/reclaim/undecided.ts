import type { EngineParts } from '../engine/engine-parts.js';
import { parseStoragePath, type StoragePath } from '../object-id.js';
import type { UndecidedEntry } from '../ports/long-term-tier.js';
import { changeIdOf, isRevision } from '../revision.js';

/*
 * Listings name what they cannot read and do not say why. Whoever is to look at it wants to know, and
 * such entries are few: so each is read once more by itself.
 */

export function describeUnreadableRow(
  engine: EngineParts,
  path: StoragePath,
): Promise<UndecidedEntry> {
  return undecided(path, async () => engine.highVolume.readHead(parseStoragePath(path)));
}

export function describeUnreadableChange(
  engine: EngineParts,
  name: string,
): Promise<UndecidedEntry> {
  return undecided(name, async () => {
    if (!isRevision(name)) throw new Error('its key is no id of a change');
    await engine.changeLog.get(changeIdOf(name));
  });
}

/** Of a row that cannot be read, by its path; `undefined` where that is none of ours. */
export function usecaseOf(where: string): string | undefined {
  try {
    return parseStoragePath(where).usecase;
  } catch {
    return undefined;
  }
}

/** Something that failed, and is kept as it is. */
function undecidedBecause(where: string, cause: unknown): UndecidedEntry {
  return { where, why: cause instanceof Error ? cause.message : String(cause) };
}

async function undecided(where: string, read: () => Promise<unknown>): Promise<UndecidedEntry> {
  try {
    await read();
    return { where, why: 'it could not be read when it was listed' };
  } catch (error) {
    return undecidedBecause(where, error);
  }
}
