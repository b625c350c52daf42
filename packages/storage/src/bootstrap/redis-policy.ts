import type { QueueSetup } from '@holdfast/queue-bullmq';
import type { Resource } from './resource.js';

/** That Redis neither throws jobs away nor forgets them. It is there, or cannot be reached. */
export function redisPolicyResource(setup: Pick<QueueSetup, 'problems' | 'configure'>): Resource {
  return {
    name: 'Redis policy',
    async look() {
      const problems = await setup.problems();
      return { kind: 'found', drift: problems.map(({ text }) => text) };
    },
    mend: () => setup.configure(),
  };
}
