import { createHealth, type Health } from './health/health-service.js';
import { healthFile } from './health/health-proto.js';
import { createDescriptorIndex } from './reflection/descriptor-index.js';
import { reflectionFile } from './reflection/reflection-proto.js';
import { reflectionMethod } from './reflection/reflection-service.js';
import { serviceNames } from './registered-method.js';
import type { RpcMethod } from './rpc-method.js';

/** What every server serves beside its own methods. */
export interface StandardServices {
  readonly methods: readonly RpcMethod[];
  readonly health: Health;
}

export function createStandardServices(own: readonly RpcMethod[]): StandardServices {
  const names = serviceNames(own);
  const health = createHealth(names);
  const reflections = [reflectionFile('v1'), reflectionFile('v1alpha')];
  const files = [healthFile(), ...reflections];
  const index = createDescriptorIndex(files);
  const listed = [
    ...names,
    ...files.flatMap(({ services }) => services.map(({ typeName }) => typeName)),
  ].toSorted();
  return {
    methods: [
      ...health.methods,
      ...reflections.map((file) => reflectionMethod(file, index, listed)),
    ],
    health,
  };
}
