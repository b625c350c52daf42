import { notFound } from './api-error.js';
import { selectFields } from './fields-mask.js';
import { bucketOf, type Call } from './gcs-state.js';
import { readJsonBody } from './json-body.js';
import { objectResource, patchedFields, type ObjectRecord } from './object-resource.js';
import { checkPreconditions, parsePreconditions } from './preconditions.js';
import { emptyReply, jsonReply, type Reply } from './reply.js';
import { digitsOf } from './request-query.js';

export function getObject(call: Call): Reply {
  return answer(call, readObject(call));
}

/** The live object of the request, for a read. */
export function readObject(call: Call): ObjectRecord {
  return find(call, 'read');
}

export function deleteObject(call: Call): Reply {
  const record = find(call, 'write');
  const bucket = bucketOf(call);
  bucket.objects.delete(record.name);
  bucket.sorted = undefined;
  return emptyReply(204);
}

/** Merges what is given into the object's metadata, which has another metageneration then. */
export async function patchObject(call: Call): Promise<Reply> {
  const resource = await readJsonBody(call);
  const record = find(call, 'write');
  const patched: ObjectRecord = {
    ...record,
    ...patchedFields(record, resource),
    metageneration: record.metageneration + 1,
    updated: call.state.clock.now(),
  };
  const bucket = bucketOf(call);
  bucket.objects.set(record.name, patched);
  bucket.sorted = undefined;
  return answer(call, patched);
}

/** Of a generation that is not the live one there is nothing: no versions are kept. */
function find(call: Call, access: 'read' | 'write'): ObjectRecord {
  const generation = digitsOf(call.query, 'generation');
  const preconditions = parsePreconditions(call.query);
  const record = bucketOf(call).objects.get(call.object);
  if (record === undefined || (generation !== undefined && generation !== record.generation)) {
    throw notFound(`No such object: ${call.bucket}/${call.object}`);
  }
  checkPreconditions(preconditions, record, access);
  return record;
}

function answer(call: Call, record: ObjectRecord): Reply {
  const resource = objectResource(record, call.apiEndpoint);
  return jsonReply(selectFields(resource, call.query.get('fields')));
}
