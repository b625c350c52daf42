/**
 * Sends an object, or a range of it.
 *
 * 1. Wait for a permit, and hold it until the last byte has been sent.
 * 2. Open the object. Its payload holds a file or a connection until it ends, is returned, or the call
 *    is over, so from here on every way out ends it.
 * 3. Send the header, then the payload in chunks of at most 256 KiB. The next chunk is asked for when
 *    there is room for it: a slow reader slows the storage down, and takes no memory.
 */
import { object } from '@holdfast/contracts';
import { assert, type FoundObject, type GetOutcome } from '@holdfast/domain';
import {
  encodeChunkMessage,
  encodeDownloadHeader,
  objectNotFound,
  preconditionFailed,
  type DownloadHandler,
  type MessageWriter,
} from '@holdfast/rpc';
import { readGet } from '../messages/get.js';
import { byteSpanMessage, objectInfoMessage } from '../messages/object-info.js';
import type { ObjectDependencies } from './object-dependencies.js';
import { withPermit } from './permits.js';

const chunkBytesMax = 256 * 1024;

export function getObjectHandler({
  engine,
  admission,
}: ObjectDependencies): DownloadHandler<object.GetObjectRequest, Buffer> {
  return async (request, responses, context) => {
    const asked = readGet(request);
    await withPermit(admission, context, async () => {
      const { signal } = context;
      const outcome = await engine.getObject({ ...asked, signal });
      await send(found(outcome), asked.id, responses);
    });
  };
}

function found(outcome: GetOutcome): FoundObject {
  switch (outcome.kind) {
    case 'found':
      return outcome;
    case 'not-found':
      throw objectNotFound();
    case 'precondition-failed':
      throw preconditionFailed(outcome);
    case 'too-large':
      throw new Error('no bound was given for the payload');
  }
}

async function send(
  { metadata, span, payload }: FoundObject,
  id: Parameters<typeof objectInfoMessage>[0],
  responses: MessageWriter<Buffer>,
): Promise<void> {
  const chunks = payload[Symbol.asyncIterator]();
  try {
    const header = { object: objectInfoMessage(id, metadata), span: byteSpanMessage(span) };
    await responses.write(encodeDownloadHeader(object.GetObjectHeader.encode(header).finish()));
    let sent = 0;
    for (let next = await chunks.next(); next.done !== true; next = await chunks.next()) {
      sent += next.value.length;
      await sendChunk(next.value, responses);
    }
    assert(sent === span.length, 'a payload is the bytes that were asked for, or it throws');
  } finally {
    await chunks.return?.();
  }
}

async function sendChunk(bytes: Uint8Array, responses: MessageWriter<Buffer>): Promise<void> {
  for (let at = 0; at < bytes.length; at += chunkBytesMax) {
    await responses.write(encodeChunkMessage(bytes.subarray(at, at + chunkBytesMax)));
  }
}
