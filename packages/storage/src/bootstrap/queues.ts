import { sweepKinds, type SweepKind } from '@holdfast/domain';
import {
  queueEventsMax,
  queueNames,
  type QueueBounds,
  type QueueName,
  type QueueSetup,
} from '@holdfast/queue-bullmq';
import type { Resource, ResourceState } from './resource.js';

export interface QueueOptions {
  /** Jobs of one queue that all workers together run at once. */
  readonly jobsAtOnceMax: number;
}

/** The queues with their bounds, and the schedules of the sweeps. */
export function queueResources(options: QueueOptions, setup: QueueSetup): readonly Resource[] {
  return [
    ...Object.values(queueNames).map((name) => queueResource(name, options, setup)),
    ...sweepKinds.map((kind) => scheduleResource(kind, setup)),
  ];
}

function queueResource(
  name: QueueName,
  { jobsAtOnceMax }: QueueOptions,
  setup: Pick<QueueSetup, 'bounds' | 'bound'>,
): Resource {
  const wanted: QueueBounds = { jobsAtOnceMax, eventsMax: queueEventsMax };
  return {
    name: `queue ${name}`,
    look: async () => judgeBounds(await setup.bounds(name), wanted),
    mend: () => setup.bound(name, jobsAtOnceMax),
  };
}

function judgeBounds(found: QueueBounds, wanted: QueueBounds): ResourceState {
  if (found.jobsAtOnceMax === undefined && found.eventsMax === undefined) {
    return { kind: 'missing' };
  }
  const drift = [
    ...differing('jobs at once', found.jobsAtOnceMax, wanted.jobsAtOnceMax),
    ...differing('events kept', found.eventsMax, wanted.eventsMax),
  ];
  return { kind: 'found', drift };
}

function differing(
  what: string,
  found: number | undefined,
  wanted: number | undefined,
): readonly string[] {
  if (found === wanted) return [];
  return [`${what}: ${found ?? 'no bound'} instead of ${wanted ?? 'no bound'}`];
}

const minute = 60_000;

/** Where a sweeper begins. From then on each moves its schedules within the bounds of its settings. */
export const sweepEveryMs: Readonly<Record<SweepKind, number>> = {
  'recover-changes': 5 * minute,
  'reclaim-orphans': 60 * minute,
  'expire-objects': 5 * minute,
  'verify-objects': 10 * minute,
};

/** Any interval will do: sweepers lengthen those of kinds that find nothing. */
function scheduleResource(
  kind: SweepKind,
  setup: Pick<QueueSetup, 'scheduled' | 'schedule'>,
): Resource {
  return {
    name: `schedule of ${kind}`,
    async look() {
      const intervals = await setup.scheduled();
      return intervals.has(kind) ? { kind: 'found', drift: [] } : { kind: 'missing' };
    },
    mend: () => setup.schedule(kind, sweepEveryMs[kind]),
  };
}
