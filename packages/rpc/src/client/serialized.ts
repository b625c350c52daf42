import { status } from '@grpc/grpc-js';
import { rpcError } from '../status/rpc-error.js';
import type { Method } from '../wire/method.js';

/** The bytes of a request. Throws INVALID_ARGUMENT for a value the contract cannot express. */
export function serialized<Req, Res>(method: Method<Req, Res>, request: Req): Buffer {
  try {
    return method.requestSerialize(request);
  } catch (cause) {
    throw rpcError(status.INVALID_ARGUMENT, undefined, 'the request cannot be encoded', { cause });
  }
}
