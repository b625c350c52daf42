import { object } from '@holdfast/contracts';
import type { ListRequest, StorageEngine } from '@holdfast/domain';
import type { UnaryHandler } from '@holdfast/rpc';
import { listResponse, readList } from '../messages/list.js';
import type { ObjectDependencies } from './object-dependencies.js';
import { withPermit } from './permits.js';

const messageBytesMax = 2 * 1024 * 1024;
/** For the token of the next page, which is a storage path. */
const tokenBytesMax = 1024;
/** Tag and length of an object within the list. */
const entryBytesMax = 5;

/** Lists a page, of fewer objects than asked for where their metadata would not fit a message. */
export function listObjectsHandler({
  engine,
  admission,
}: ObjectDependencies): UnaryHandler<object.ListObjectsRequest, Buffer> {
  return async (request, context) => {
    const asked = readList(request);
    return withPermit(admission, context, () => fittingPage(engine, asked));
  };
}

async function fittingPage(engine: StorageEngine, asked: ListRequest): Promise<Buffer> {
  const page = listResponse(await engine.listObjects(asked));
  const bytes = object.ListObjectsResponse.encode(page).finish();
  if (bytes.length <= messageBytesMax) {
    return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length);
  }
  // Each turn asks for fewer objects, and one always fits.
  return fittingPage(engine, { ...asked, pageSize: countFitting(page.objects) });
}

function countFitting(objects: readonly object.ObjectInfo[]): number {
  let left = messageBytesMax - tokenBytesMax;
  for (const [at, info] of objects.entries()) {
    left -= object.ObjectInfo.encode(info).finish().length + entryBytesMax;
    if (left < 0) return Math.max(1, at);
  }
  return objects.length;
}
