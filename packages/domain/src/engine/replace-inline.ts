import type { ObjectId } from '../object-id.js';
import { physicalRevision, type InlineRow } from '../row.js';
import { hadNoEffect, outcomeUnknown } from './effects.js';
import type { EngineParts } from './engine-parts.js';

/**
 * Replaces a row that holds no tombstone, in one step that is its own commit.
 *
 * When the store does not answer, the row tells: the write took effect if the row shows its revision.
 * If not, it may still land, and its outcome stays unknown. It is never sent again: a second landing
 * could undo a write that came between.
 */
export async function replaceInline(
  engine: EngineParts,
  id: ObjectId,
  row: InlineRow,
): Promise<'stored' | 'tombstone'> {
  try {
    return await engine.highVolume.putInline(id, row);
  } catch (error) {
    if (hadNoEffect(error)) throw error;
    const current = await engine.highVolume.readHead(id).catch((cause: unknown) => {
      throw outcomeUnknown(cause);
    });
    if (physicalRevision(current) === row.metadata.revision) return 'stored';
    throw outcomeUnknown(error);
  }
}

/**
 * The same for removal. Here the row tells nothing: it may be empty for another reason, and a
 * removal that lands later would take what was written since. Its caller may ask again.
 */
export async function removeInline(
  engine: EngineParts,
  id: ObjectId,
): Promise<'deleted' | 'tombstone'> {
  try {
    return await engine.highVolume.deleteInline(id);
  } catch (error) {
    throw hadNoEffect(error) ? error : outcomeUnknown(error);
  }
}
