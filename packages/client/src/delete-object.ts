import { callBatch, type Dispatch } from './batch-call.js';
import { termsOf, type CallOptions } from './call-terms.js';
import type { ClientCore } from './client-core.js';
import { toObjectId, type ObjectIdInput } from './object-id.js';
import { repeatWrite } from './repeat-write.js';

export interface DeleteOptions extends CallOptions {
  /** Delete only this revision; `REVISION_MISMATCH` if another one is there. */
  readonly ifRevision?: string | undefined;
}

/** The object is not there any more. */
export interface DeleteResult {
  /** What was deleted. Missing: nothing was there, or the server had no need to look. */
  readonly deletedRevision: string | undefined;
}

export async function deleteObject(
  core: ClientCore,
  input: ObjectIdInput,
  options: DeleteOptions,
): Promise<DeleteResult> {
  const objectId = toObjectId(input);
  const terms = termsOf(options, core.deadlineMs, core.clock);
  const operation = {
    $case: 'delete',
    value: { objectId, ifRevision: options.ifRevision },
  } as const;
  const encode = (timeoutMs: number): Uint8Array => core.encoder.request(operation, timeoutMs);
  const attempt = (dispatch: Dispatch) => callBatch(core, 'delete', encode, terms, dispatch);
  const write = { attempt, mayRepeat: () => true };
  const { deletedRevision } = await repeatWrite(core.repeats, write, terms);
  return { deletedRevision };
}
