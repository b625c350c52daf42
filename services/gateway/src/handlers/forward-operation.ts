import type { CallContext } from '@holdfast/rpc';
import { encodeOperation } from '../operations/encode-operation.js';
import { expectAnswer } from '../operations/read-outcome.js';
import { callerOf } from './caller.js';
import type { GatewayParts } from './gateway-parts.js';

const effects = { get: 'read', head: 'read', delete: 'write' } as const;

/** A single call as an operation on a shared stream: answers the encoded response. */
export async function forwardOperation(
  kind: keyof typeof effects,
  request: Uint8Array,
  context: CallContext,
  parts: GatewayParts,
): Promise<Buffer> {
  const caller = callerOf(context, parts);
  const { deadline, callerRepeats, isWanted } = caller;
  const bytes = encodeOperation(kind, request, caller);
  const operation = { traffic: 'single', bytes, deadline, callerRepeats, isWanted } as const;
  const result = await parts.upstream.run({ ...operation, effect: effects[kind] });
  return expectAnswer(result, kind);
}
