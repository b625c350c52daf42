import { object } from '@holdfast/contracts';
import {
  download,
  encodeChunkMessage,
  encodeDownloadHeader,
  rawMethod,
  reasonError,
  splitGetResult,
  type CallContext,
  type MessageWriter,
  type RpcMethod,
} from '@holdfast/rpc';
import { asksForRevision, withRevision } from '../operations/get-request.js';
import { forwardDownload } from './forward-download.js';
import { forwardOperation } from './forward-operation.js';
import type { GatewayParts } from './gateway-parts.js';
import { holdBytes } from './hold-bytes.js';

const method = rawMethod(object.ObjectServiceService.getObject);

/** What came of asking for the object as an operation. */
type Asked = 'answered' | { readonly header: Uint8Array };

/**
 * 1. Ask for the object as one operation. Small payloads come with the answer; there is room for one
 *    before it is asked for.
 * 2. A larger payload is downloaded, at the revision that the answer was about.
 * 3. If that revision was replaced meanwhile, and the caller asked for no certain one: again from 1, at
 *    most so many times. Nothing was said to the caller yet.
 */
export function getObject(parts: GatewayParts): RpcMethod {
  return download(method, async (request, responses, context) => {
    for (let round = 0; round < parts.limits.downloadRoundsMax; round += 1) {
      const asked = await askForSmall(request, responses, context, parts);
      if (asked === 'answered') return;
      const pinned = pinRevision(request, asked.header);
      const outcome = await forwardDownload(pinned ?? request, responses, context, parts);
      if (outcome.kind === 'complete') return;
      if (pinned === undefined) throw outcome.error;
    }
    throw reasonError('TIER_UNAVAILABLE', 'the object was replaced again and again: repeat');
  });
}

async function askForSmall(
  request: Buffer,
  responses: MessageWriter<Buffer>,
  context: CallContext,
  parts: GatewayParts,
): Promise<Asked> {
  const { budget, limits } = parts;
  const lease = budget.open();
  try {
    await holdBytes(limits.getResultBytes, lease, budget, context);
    const answer = await forwardOperation('get', request, context, parts);
    const { header, payload } = splitGetResult(answer);
    if (payload === undefined) return { header };
    lease.shrink(Math.max(0, limits.getResultBytes - payload.length));
    await responses.write(encodeDownloadHeader(header));
    for (let at = 0; at < payload.length; at += limits.chunkBytes) {
      const chunk = payload.subarray(at, at + limits.chunkBytes);
      await responses.write(encodeChunkMessage(chunk));
    }
    return 'answered';
  } finally {
    lease.close();
  }
}

/** The request for the revision that was found; nothing when the caller asks for one itself. */
function pinRevision(request: Buffer, header: Uint8Array): Buffer | undefined {
  if (asksForRevision(request)) return undefined;
  const { object: found } = object.GetObjectHeader.decode(header);
  return withRevision(request, found?.revision ?? '');
}
