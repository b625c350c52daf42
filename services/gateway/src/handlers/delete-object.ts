import { object } from '@holdfast/contracts';
import { rawMethod, unary, type RpcMethod } from '@holdfast/rpc';
import type { GatewayParts } from './gateway-parts.js';
import { forwardOperation } from './forward-operation.js';

export function deleteObject(parts: GatewayParts): RpcMethod {
  const method = rawMethod(object.ObjectServiceService.deleteObject);
  return unary(method, (request, context) => forwardOperation('delete', request, context, parts));
}
