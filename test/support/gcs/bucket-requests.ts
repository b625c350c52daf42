import { ApiError, invalid } from './api-error.js';
import {
  bucketResource,
  newBucketSettings,
  patchedBucketSettings,
  type BucketRecord,
} from './bucket-resource.js';
import { selectFields } from './fields-mask.js';
import { bucketOf, type Call, type GcsState } from './gcs-state.js';
import { asString, readJsonBody, type JsonRecord } from './json-body.js';
import { checkPreconditions, parsePreconditions } from './preconditions.js';
import { jsonReply, type Reply } from './reply.js';
import { requiredParameter } from './request-query.js';

export function getBucket(call: Call): Reply {
  const { record } = bucketOf(call);
  checkPreconditions(parsePreconditions(call.query), record, 'read');
  return answer(call, record);
}

export async function insertBucket(call: Call): Promise<Reply> {
  requiredParameter(call.query, 'project');
  const resource = await readJsonBody(call);
  const name = asString(resource['name'], 'name');
  if (call.state.buckets.has(name)) {
    const message =
      'Your previous request to create the named bucket succeeded and you already own it.';
    throw new ApiError(409, 'conflict', message);
  }
  return answer(call, createBucket(call.state, name, resource));
}

export function createBucket(state: GcsState, name: string, resource: JsonRecord): BucketRecord {
  const isReserved = name.startsWith('goog') || name.includes('google') || name.includes('..');
  if (!/^[a-z0-9][a-z0-9._-]{1,61}[a-z0-9]$/u.test(name) || isReserved) {
    throw invalid(`Invalid bucket name: '${name}'`);
  }
  const now = state.clock.now();
  const settings = newBucketSettings(resource);
  const record = { name, metageneration: 1, timeCreated: now, updated: now, settings };
  state.buckets.set(name, { record, objects: new Map(), sorted: undefined });
  return record;
}

/** Merges settings into the bucket, which has another metageneration then. */
export async function patchBucket(call: Call): Promise<Reply> {
  const resource = await readJsonBody(call);
  const bucket = bucketOf(call);
  checkPreconditions(parsePreconditions(call.query), bucket.record, 'write');
  bucket.record = {
    ...bucket.record,
    settings: patchedBucketSettings(bucket.record, resource),
    metageneration: bucket.record.metageneration + 1,
    updated: call.state.clock.now(),
  };
  return answer(call, bucket.record);
}

function answer(call: Call, record: BucketRecord): Reply {
  const resource = bucketResource(record, call.apiEndpoint);
  return jsonReply(selectFields(resource, call.query.get('fields')));
}
