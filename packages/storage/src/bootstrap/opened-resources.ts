import type { Resource } from './resource.js';

/** Resources, and the way to them. */
export interface OpenedResources {
  readonly resources: readonly Resource[];
  close(): Promise<void>;
}

export const nothing: OpenedResources = { resources: [], close: () => Promise.resolve() };

/** Of both, in this order. */
export function join(first: OpenedResources, second: OpenedResources): OpenedResources {
  return {
    resources: [...first.resources, ...second.resources],
    close: async () => {
      await Promise.all([first.close(), second.close()]);
    },
  };
}
