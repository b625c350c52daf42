import { status } from '@grpc/grpc-js';
import { invalidField, rpcError } from '../status/rpc-error.js';
import type { Method } from '../wire/method.js';

/**
 * Messages become values here and not in grpc-js, which answers what it cannot decode with
 * INTERNAL: bytes that are no such message are the caller's fault, and `INVALID_STREAM` is how the
 * contract calls messages that do not make a call.
 */
export function decodeRequest(method: Method<unknown, unknown>, bytes: Buffer): unknown {
  try {
    return method.requestDeserialize(bytes);
  } catch (cause) {
    throw invalidField('INVALID_STREAM', 'message', 'it cannot be decoded', { cause });
  }
}

export function encodeResponse(
  method: Method<unknown, unknown>,
  value: unknown,
  bytesMax: number,
): Buffer {
  const bytes = method.responseSerialize(value);
  if (bytes.length <= bytesMax) return bytes;
  const cause = new Error(`a response of ${bytes.length} bytes is larger than ${bytesMax}`);
  throw rpcError(status.INTERNAL, undefined, 'the server failed', { cause });
}
