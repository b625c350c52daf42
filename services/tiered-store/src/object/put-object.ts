/**
 * Stores an object that arrives as a stream.
 *
 * 1. Read the header. What is wrong with it is answered before anything else is read.
 * 2. Wait for a permit, and hold it until the put has ended.
 * 3. Hand the chunks to the engine as they arrive. Until the finish, a caller who goes away ends the
 *    put, and nothing is stored. So does a stream that ends without a finish: that is what a killed
 *    caller looks like.
 * 4. The finish makes the upload complete. From here on the put runs to its end without its caller.
 *
 * Where the engine answers early, because the condition fails or the payload is too large, the handler
 * does so too and reads no further.
 */
import { object } from '@holdfast/contracts';
import {
  decodeMessage,
  invalidField,
  parseUploadMessage,
  type MessageReader,
  type UploadHandler,
} from '@holdfast/rpc';
import { putResponse, readPutHeader } from '../messages/put.js';
import type { ObjectDependencies } from './object-dependencies.js';
import { withPermit } from './permits.js';
import { openUploadPayload } from './upload-payload.js';

export interface PutObjectOptions {
  readonly inlineThresholdBytes: number;
}

export function putObjectHandler(
  { inlineThresholdBytes }: PutObjectOptions,
  { engine, ids, admission, payloadBytes }: ObjectDependencies,
): UploadHandler<Buffer, object.PutObjectResponse> {
  return async (requests, context) => {
    const terms = readPutHeader(await readHeader(requests), ids);
    return withPermit(admission, context, async () => {
      const lease = payloadBytes.open();
      const { signal } = context;
      const upload = openUploadPayload({ requests, lease, signal, inlineThresholdBytes });
      try {
        const outcome = await engine.putObject({
          ...terms,
          payload: upload.payload,
          expected: upload.expected,
          signal: upload.signal,
        });
        return putResponse(terms.id, outcome);
      } finally {
        upload.close();
        lease.close();
      }
    });
  };
}

async function readHeader(requests: MessageReader<Buffer>): Promise<object.PutObjectHeader> {
  const first = await requests.next();
  const message = first.done === true ? undefined : parseUploadMessage(first.value);
  if (message?.kind !== 'header') {
    throw invalidField('INVALID_STREAM', 'message', 'the first one must be a header');
  }
  return decodeMessage(object.PutObjectHeader, message.bytes, () =>
    invalidField('INVALID_STREAM', 'header', 'it cannot be read'),
  );
}
