import { assert } from '@holdfast/domain';
import type { RpcMethod } from './rpc-method.js';

/** A method as a server has it. */
export interface RegisteredMethod {
  readonly served: RpcMethod;
  /** `holdfast.object.v1.ObjectService/GetObject`. */
  readonly name: string;
  /** Of health or reflection: nobody waits for such calls to end. */
  readonly internal: boolean;
}

/** By path, `/holdfast.object.v1.ObjectService/GetObject`. */
export type MethodTable = ReadonlyMap<string, RegisteredMethod>;

export function registerMethods(
  own: readonly RpcMethod[],
  internal: readonly RpcMethod[],
): MethodTable {
  const table = new Map<string, RegisteredMethod>();
  const register = (served: RpcMethod, isInternal: boolean): void => {
    const { path } = served.method;
    assert(!table.has(path), `${path} is served once`);
    table.set(path, { served, name: path.slice(1), internal: isInternal });
  };
  for (const served of own) register(served, false);
  for (const served of internal) register(served, true);
  return table;
}

/** The services that methods belong to, by full name. */
export function serviceNames(methods: readonly RpcMethod[]): ReadonlySet<string> {
  return new Set(methods.map(({ method: { path } }) => path.slice(1, path.lastIndexOf('/'))));
}
