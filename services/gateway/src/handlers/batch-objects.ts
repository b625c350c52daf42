import { object } from '@holdfast/contracts';
import { bidi, rawMethod, reasonError, type RpcMethod } from '@holdfast/rpc';
import { CallerBatch } from './caller-batch.js';
import type { GatewayParts } from './gateway-parts.js';

/**
 * Operations of a caller's stream go to the stores among those of all others, under numbers of the
 * shared stream; their results come back under the caller's.
 *
 * The stream ends when the caller has closed its side and has all results; when the server shuts down
 * and the caller has all results; and at once when a message breaks a rule or the caller is gone. What
 * was sent to a store then runs to its end there; what was not is not sent any more.
 */
export function batchObjects(parts: GatewayParts): RpcMethod {
  const method = rawMethod(object.ObjectServiceService.batchObjects);
  return bidi(
    method,
    async (requests, responses, context) => {
      const { draining } = parts;
      const batch = new CallerBatch(requests, responses, context, parts);
      const drain = (): void => batch.readNoMore();
      const leave = (): void => batch.callerLeft();
      draining.addEventListener('abort', drain, { once: true });
      context.signal.addEventListener('abort', leave, { once: true });
      try {
        if (draining.aborted) batch.readNoMore();
        await batch.run();
      } finally {
        batch.close();
        draining.removeEventListener('abort', drain);
        context.signal.removeEventListener('abort', leave);
      }
      if (draining.aborted) throw reasonError('SHUTTING_DOWN', 'the server is shutting down');
    },
    { stallWhileReading: false },
  );
}
