import { object } from '@holdfast/contracts';
import { rawMethod, upload, type CallContext, type RpcMethod } from '@holdfast/rpc';
import { encodePutOperation, type GatheredPut } from '../operations/encode-operation.js';
import { expectAnswer } from '../operations/read-outcome.js';
import { callerOf } from './caller.js';
import { forwardUpload } from './forward-upload.js';
import { gatherUpload } from './gather-upload.js';
import type { GatewayParts } from './gateway-parts.js';

/**
 * 1. Gather the upload, up to a limit.
 * 2. A small one that is complete goes to the store as one operation. Its sending
 *    is the commit point: from there on the write runs to its end, with or without its caller. Before,
 *    while it waits for a store, it is dropped with its caller, who may have stored it elsewhere since.
 * 3. A larger one goes there as an upload of its own, see `forward-upload.ts`.
 *
 * Until it is sent in 2, or the finish in 3, a caller that goes away leaves nothing behind.
 */
export function putObject(parts: GatewayParts): RpcMethod {
  const method = rawMethod(object.ObjectServiceService.putObject);
  return upload(method, async (requests, context) => {
    const lease = parts.budget.open();
    try {
      const gathered = await gatherUpload(requests, context, lease, parts);
      const { finish, header, chunks, size } = gathered;
      if (finish === undefined) {
        return await forwardUpload(gathered, requests, context, lease, parts);
      }
      return await putInBatch({ header, chunks, size, crc32c: finish.crc32c }, context, parts);
    } finally {
      lease.close();
    }
  });
}

async function putInBatch(
  put: GatheredPut,
  context: CallContext,
  parts: GatewayParts,
): Promise<Buffer> {
  const caller = callerOf(context, parts);
  const { deadline, callerRepeats, isWanted } = caller;
  const bytes = encodePutOperation(put, caller);
  const operation = { traffic: 'single', effect: 'write', bytes, deadline, callerRepeats } as const;
  return expectAnswer(await parts.upstream.run({ ...operation, isWanted }), 'put');
}
