import type { ObjectMetadata } from '../metadata.js';
import type { ObjectId } from '../object-id.js';
import type { EngineParts } from './engine-parts.js';

export type HeadOutcome =
  { readonly kind: 'found'; readonly metadata: ObjectMetadata } | { readonly kind: 'not-found' };

/** Describes an object from its row alone. It does not count as a use: no expiry moves. */
export async function headObject(engine: EngineParts, id: ObjectId): Promise<HeadOutcome> {
  const row = await engine.highVolume.readHead(id);
  return row.kind === 'absent' ? { kind: 'not-found' } : { kind: 'found', metadata: row.metadata };
}
