import { shapeOf } from './blob-codec.js';
import { refusal, unavailable } from './errors.js';
import type { ObjectResource } from './object-resource.js';
import type { Objects } from './objects.js';

/** What follows the payload of an object; nothing, and no request, for most. */
export async function readFooter(
  objects: Objects,
  resource: ObjectResource,
  signal?: AbortSignal,
): Promise<Uint8Array> {
  const { size, footerBytes } = shapeOf(resource);
  if (footerBytes === 0) return new Uint8Array();
  const { name, generation } = resource;
  const request = {
    method: 'GET',
    path: objects.paths.object(name, { alt: 'media', generation }),
    headers: { range: `bytes=${size}-${size + footerBytes - 1}` },
  } as const;
  const answer = await objects.api.call(request, signal);
  if (answer.status === 206 && answer.body.length === footerBytes) return answer.body;
  if (answer.status === 200 && size === 0) return answer.body;
  if (await objects.isMissing(answer))
    throw unavailable('a blob was removed while it was looked at');
  throw refusal('reading the metadata of an object', answer);
}
