import type { object } from '@holdfast/contracts';
import type { ListOutcome, ListRequest } from '@holdfast/domain';
import { objectInfoMessage } from './object-info.js';

/** 0 and an empty token are how proto3 says that none was given. */
export function readList(request: object.ListObjectsRequest): ListRequest {
  const { usecase, scopes, keyPrefix, pageSize, pageToken } = request;
  return {
    usecase,
    scopes,
    keyPrefix,
    pageSize: pageSize === 0 ? undefined : pageSize,
    pageToken: pageToken === '' ? undefined : pageToken,
  };
}

export function listResponse(outcome: ListOutcome): object.ListObjectsResponse {
  return {
    objects: outcome.objects.map(({ id, metadata }) => objectInfoMessage(id, metadata)),
    nextPageToken: outcome.nextPageToken ?? '',
  };
}
