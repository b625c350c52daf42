import { notFound } from './api-error.js';
import { bucketFieldNames } from './bucket-resource.js';
import { getBucket, insertBucket, patchBucket } from './bucket-requests.js';
import { checkFields, type KnownFields } from './fields-mask.js';
import type { Call } from './gcs-state.js';
import type { GcsRequestKind } from './gcs-types.js';
import { downloadMedia } from './media-download.js';
import { listFieldNames, listObjects } from './object-list.js';
import { deleteObject, getObject, patchObject } from './object-requests.js';
import { objectFieldNames } from './object-resource.js';
import { insertMedia, insertMultipart } from './object-upload.js';
import type { Reply } from './reply.js';
import { cancelResumable, putToSession, startResumable } from './resumable-upload.js';

/** Does what a request asks for. Throws an `ApiError` where the service refuses it. */
export async function handleCall(call: Call): Promise<Reply> {
  checkFields(call.query.get('fields'), fieldNamesOf(call.kind));
  switch (call.kind) {
    case 'insert.media':
      return insertMedia(call);
    case 'insert.multipart':
      return insertMultipart(call);
    case 'resumable.start':
      return startResumable(call);
    case 'resumable.chunk':
    case 'resumable.status':
      return putToSession(call);
    case 'resumable.cancel':
      return cancelResumable(call);
    case 'get':
      return getObject(call);
    case 'media':
      return downloadMedia(call);
    case 'delete':
      return deleteObject(call);
    case 'patch':
      return patchObject(call);
    case 'list':
      return listObjects(call);
    case 'bucket.get':
      return getBucket(call);
    case 'bucket.insert':
      return insertBucket(call);
    case 'bucket.patch':
      return patchBucket(call);
    case 'unknown':
      throw notFound('Not Found');
  }
}

function fieldNamesOf(kind: GcsRequestKind): KnownFields {
  if (kind === 'list') return listFieldNames;
  return kind.startsWith('bucket.') ? bucketFieldNames : objectFieldNames;
}
