import { object } from '@holdfast/contracts';
import { rawMethod, unary, type CallContext, type RpcMethod } from '@holdfast/rpc';
import type { Backend } from '../upstream/backend.js';
import { callOptions, repeats } from './caller.js';
import type { GatewayParts } from './gateway-parts.js';

const method = rawMethod(object.ObjectServiceService.listObjects);

/** A list is forwarded as it is. */
export function listObjects({ upstream }: GatewayParts): RpcMethod {
  return unary(method, (request, context) =>
    upstream.read({
      deadline: context.deadline,
      signal: context.signal,
      callerRepeats: repeats(context),
      at: (backend) => listAt(backend, request, context),
      isFresh: () => true,
    }),
  );
}

async function listAt(backend: Backend, request: Buffer, context: CallContext): Promise<Buffer> {
  const options = { ...callOptions(context), signal: context.signal };
  const end = backend.beginStream();
  try {
    return await backend.channel.unary(method, request, options);
  } finally {
    end();
  }
}
