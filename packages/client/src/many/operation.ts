import type { ClientCore } from '../client-core.js';
import { deleteObject, type DeleteOptions, type DeleteResult } from '../delete-object.js';
import type { Download } from '../get/download.js';
import { getObjectLazily, type GetOptions } from '../get/get-object.js';
import { headObject, type HeadOptions } from '../head-object.js';
import type { NewObjectIdInput, ObjectIdInput } from '../object-id.js';
import type { ObjectInfo } from '../object-info.js';
import type { PutBody } from '../payload/open-payload.js';
import { putObject } from '../put/put-object.js';
import type { PutOptions, PutResult } from '../put/put-options.js';

/** One of many: what the method of the same name takes. The signal is that of all together. */
export type Operation =
  | {
      readonly kind: 'put';
      readonly id: NewObjectIdInput;
      readonly body: PutBody;
      readonly options?: Omit<PutOptions, 'signal'>;
    }
  | {
      readonly kind: 'get';
      readonly id: ObjectIdInput;
      readonly options?: Omit<GetOptions, 'signal'>;
    }
  | {
      readonly kind: 'head';
      readonly id: ObjectIdInput;
      readonly options?: Omit<HeadOptions, 'signal'>;
    }
  | {
      readonly kind: 'delete';
      readonly id: ObjectIdInput;
      readonly options?: Omit<DeleteOptions, 'signal'>;
    };

/** What the method of the same name answers. */
interface Values {
  readonly put: PutResult;
  /** A payload of more than 1 MiB is fetched when it is read, and only at the revision found. */
  readonly get: Download;
  readonly head: ObjectInfo;
  readonly delete: DeleteResult;
}

/**
 * What became of one of many. `index` is its place among the operations given, from 0. An error is a
 * `HoldfastError`, or what the stream or file of a put failed with.
 */
export type OperationResult = {
  [Kind in keyof Values]: { readonly index: number; readonly kind: Kind } & (
    | { readonly ok: true; readonly value: Values[Kind] }
    | { readonly ok: false; readonly error: unknown }
  );
}[keyof Values];

/** Who ends what. */
export interface ManySignals {
  /** What is under way, when the loop over the results is left. */
  readonly signal: AbortSignal;
  /** Payloads that were handed out and are read later: only the caller's own signal. */
  readonly payloadSignal: AbortSignal | undefined;
}

type Succeeded = Extract<OperationResult, { readonly ok: true }>;

export async function runOperation(
  core: ClientCore,
  index: number,
  operation: Operation,
  { signal, payloadSignal }: ManySignals,
): Promise<Succeeded> {
  const ok = { index, ok: true } as const;
  switch (operation.kind) {
    case 'put': {
      const options = { ...operation.options, signal };
      const value = await putObject(core, operation.id, operation.body, options);
      return { ...ok, kind: 'put', value };
    }
    case 'get': {
      const options = { ...operation.options, signal };
      const value = await getObjectLazily(core, operation.id, options, payloadSignal);
      return { ...ok, kind: 'get', value };
    }
    case 'head': {
      const value = await headObject(core, operation.id, { ...operation.options, signal });
      return { ...ok, kind: 'head', value };
    }
    case 'delete': {
      const value = await deleteObject(core, operation.id, { ...operation.options, signal });
      return { ...ok, kind: 'delete', value };
    }
  }
}
