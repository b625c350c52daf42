import type { CleanupConsumer } from '@holdfast/domain';
import {
  openCleanupProducer,
  openCleanupQueues,
  openSweepQueue,
  producerDefaults,
  queuesDefaults,
  type BullmqProducer,
  type BullmqQueues,
  type ProducerOptions,
  type QueueReport,
  type QueuesOptions,
  type RedisOptions,
  type SweepQueue,
  type SweepQueueOptions,
} from '@holdfast/queue-bullmq';
import { systemClock } from '@holdfast/service-kit';
import { waitUntil } from './cluster-wait.js';

/** What queues have told about themselves. */
export interface RecordedReport extends QueueReport {
  readonly lines: readonly string[];
}

export function recordReport(): RecordedReport {
  const lines: string[] = [];
  const text = (cause: unknown): string => (cause instanceof Error ? cause.message : String(cause));
  return {
    lines,
    connected: () => void lines.push('connected'),
    disconnected: (cause) => void lines.push(`disconnected: ${text(cause)}`),
    failed: (what, cause) => void lines.push(`failed: ${what}: ${text(cause)}`),
  };
}

/** As small as a real queue can do with. */
export const smallTimes = {
  attemptsMax: 3,
  backoffMs: 320,
  backoffMsMax: 640,
  claimMs: 1_600,
} as const;

let prefixes = 0;

/** One that nobody else uses. */
export function newPrefix(): string {
  prefixes += 1;
  return `{test-${process.pid}-${prefixes}}`;
}

/** Waits until it is connected. */
export async function openProducer(
  redis: RedisOptions,
  options: Partial<ProducerOptions> = {},
  report: QueueReport = recordReport(),
): Promise<BullmqProducer> {
  const all = { ...producerDefaults, ...options };
  const producer = openCleanupProducer(redis, all, { clock: systemClock, report });
  await waitUntil('the producer is connected', producer.isConnected, Boolean);
  return producer;
}

/** Waits until it is connected. */
export async function openQueues(
  redis: RedisOptions,
  options: Partial<QueuesOptions> = {},
  report: QueueReport = recordReport(),
): Promise<BullmqQueues> {
  const all = { ...queuesDefaults, ...smallTimes, ...options };
  const dependencies = { clock: systemClock, random: Math.random, report };
  const queues = openCleanupQueues(redis, all, dependencies);
  await waitUntil('the queues are connected', queues.isConnected, Boolean);
  return queues;
}

/** Waits until it is connected. */
export async function openSweeps(
  redis: RedisOptions,
  options: Partial<SweepQueueOptions> = {},
  report: QueueReport = recordReport(),
): Promise<SweepQueue> {
  const all = { claimMs: smallTimes.claimMs, completedMax: 100, failedMax: 100, ...options };
  const sweeps = openSweepQueue(redis, all, { clock: systemClock, report });
  await waitUntil('the queue of sweeps is connected', sweeps.isConnected, Boolean);
  return sweeps;
}

/** How many handlers run, of a consumer that is otherwise the same. */
export interface CountedConsumer extends CleanupConsumer {
  running(): number;
}

export function countRunning(consumer: CleanupConsumer): CountedConsumer {
  let running = 0;
  return {
    ...consumer,
    running: () => running,
    work: (handle, options) =>
      consumer.work(async (job, signal) => {
        running += 1;
        try {
          return await handle(job, signal);
        } finally {
          running -= 1;
        }
      }, options),
  };
}
