import type { BlobHead, BlobName, RemoveResult, Timestamp } from '@holdfast/domain';
import { decodeBlob, expiryChange, shapeOf } from './blob-codec.js';
import { refusal, unavailable } from './errors.js';
import type { ObjectResource } from './object-resource.js';
import type { Objects } from './objects.js';
import { readFooter } from './read-footer.js';

/** How often an extension looks again because somebody else has just changed the object. */
const extensionsMax = 20;

export async function headBlob(name: BlobName, objects: Objects): Promise<BlobHead> {
  const resource = await objects.look(name);
  if (resource === undefined) return { kind: 'absent' };
  return { kind: 'found', metadata: decodeBlob(resource, await readFooter(objects, resource)) };
}

/**
 * Looks at the object, and removes that generation of it if it is a blob. Of several removes one finds
 * it there. If the answer to that one is lost, its repetition answers `absent`.
 */
export async function removeBlob(name: BlobName, objects: Objects): Promise<RemoveResult> {
  const resource = await objects.look(name);
  if (resource === undefined) return { kind: 'absent' };
  const { size } = shapeOf(resource);
  const removed = await objects.remove(name, resource.generation);
  return removed ? { kind: 'removed', size } : { kind: 'absent' };
}

/**
 * Moves the expiry in the metadata and the time that the bucket's lifecycle rule goes by, both at once
 * and only if the object is still as it was looked at; else it is looked at again. Each time somebody
 * else got through, and only ever forward.
 */
export async function extendBlob(
  name: BlobName,
  timeExpires: Timestamp,
  objects: Objects,
): Promise<'extended' | 'absent'> {
  for (let looks = 0; looks < extensionsMax; looks += 1) {
    const resource = await objects.look(name);
    if (resource === undefined) return 'absent';
    shapeOf(resource);
    const change = expiryChange(resource, timeExpires);
    if (change === undefined || (await patched(resource, change, objects))) return 'extended';
  }
  throw unavailable('a blob was changed by others whenever its expiry was to be moved');
}

/** False if it is not the same any more, as after a lost answer; it may have been removed as well. */
async function patched(
  { name, generation, metageneration }: ObjectResource,
  change: unknown,
  objects: Objects,
): Promise<boolean> {
  const query = { generation, ifMetagenerationMatch: metageneration, fields: 'metageneration' };
  const answer = await objects.api.call({
    method: 'PATCH',
    path: objects.paths.object(name, query),
    headers: { 'content-type': 'application/json; charset=UTF-8' },
    body: [Buffer.from(JSON.stringify(change))],
  });
  if (answer.status === 200) return true;
  if (answer.status === 412 || (await objects.isMissing(answer))) return false;
  throw refusal("moving an object's expiry", answer);
}
