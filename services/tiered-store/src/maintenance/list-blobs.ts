import type { maintenance } from '@holdfast/contracts';
import type { ListBlobsOutcome } from '@holdfast/domain';
import type { UnaryHandler } from '@holdfast/rpc';
import { objectIdMessage } from '../messages/object-id.js';
import type { MaintenanceDependencies } from './dependencies.js';
import type { ListedBlobs } from './listed-blobs.js';
import { undecidedMessage } from './messages.js';
import { readPage } from './request-bounds.js';

/** Lists what lies in the long-term tier. */
export function createListBlobs({
  engine,
  listed,
}: Pick<MaintenanceDependencies, 'engine'> & { readonly listed: ListedBlobs }): UnaryHandler<
  maintenance.ListBlobsRequest,
  maintenance.ListBlobsResponse
> {
  return async (request) => {
    const page = await engine.listBlobs(readPage(request));
    listed.remember(page.blobs);
    return {
      blobs: page.blobs.map(blobMessage),
      undecided: page.undecided.map(undecidedMessage),
      nextPageToken: page.nextPageToken ?? '',
    };
  };
}

function blobMessage(blob: ListBlobsOutcome['blobs'][number]): maintenance.Blob {
  const { name, id, revision, size, timeCreated } = blob;
  return {
    name,
    objectId: objectIdMessage(id),
    revision,
    size: BigInt(size),
    timeCreated: new Date(timeCreated),
  };
}
