import { status } from '@grpc/grpc-js';
import { RpcError } from '../status/rpc-error.js';

/** No store is connected: nothing was sent, so nothing of what was asked for is to blame. */
export class StoreUnreachable extends RpcError {
  constructor() {
    super(status.UNAVAILABLE, undefined, 'no tiered store can be reached');
  }
}
