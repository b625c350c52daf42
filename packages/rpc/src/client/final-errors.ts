import { status } from '@grpc/grpc-js';
import type { RpcError } from '../status/rpc-error.js';

/** Errors that the next attempt would get as well. */
export function isFinal({ code }: RpcError): boolean {
  return (
    code === status.UNAUTHENTICATED ||
    code === status.PERMISSION_DENIED ||
    code === status.UNIMPLEMENTED
  );
}
