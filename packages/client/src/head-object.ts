import { callBatch } from './batch-call.js';
import { termsOf, type CallOptions, type CallTerms } from './call-terms.js';
import type { ClientCore } from './client-core.js';
import { toObjectId, type ObjectId, type ObjectIdInput } from './object-id.js';
import { decodeObjectInfo, type ObjectInfo } from './object-info.js';

export interface HeadOptions extends CallOptions {
  /** Answer only with this revision; `REVISION_MISMATCH` otherwise. */
  readonly ifRevision?: string | undefined;
}

export async function headObject(
  core: ClientCore,
  input: ObjectIdInput,
  options: HeadOptions,
): Promise<ObjectInfo> {
  const terms = termsOf(options, core.deadlineMs, core.clock);
  return readHead(core, toObjectId(input), options.ifRevision, terms);
}

export async function readHead(
  core: ClientCore,
  objectId: ObjectId,
  ifRevision: string | undefined,
  terms: CallTerms,
): Promise<ObjectInfo> {
  const operation = { $case: 'head', value: { objectId, ifRevision } } as const;
  const encode = (timeoutMs: number): Uint8Array => core.encoder.request(operation, timeoutMs);
  const response = await core.repeats.run(() => callBatch(core, 'head', encode, terms), terms);
  return decodeObjectInfo(response.object);
}
