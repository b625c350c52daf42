import type { CleanupJob } from '@holdfast/domain';
import type {
  BullmqProducer,
  BullmqQueues,
  ProducerOptions,
  QueueReport,
  QueuesOptions,
  SweepQueue,
  SweepQueueOptions,
} from '@holdfast/queue-bullmq';
import { systemClock } from '@holdfast/service-kit';
import assert from 'node:assert/strict';
import { createClosers, type Closers } from './redis-closers.js';
import { startRedisProxy, type RedisProxy } from './redis-proxy.js';
import { newPrefix, openProducer, openQueues, openSweeps } from './redis-queue.js';
import { holdJobs, startWork, type HeldJobs, type StartedWork } from './redis-work.js';
import { requireRedis, startRedis, type RedisServer } from './redis.js';

/** One Redis for a suite, and queues of its own for each test. All that is opened here is closed after it. */
export interface RedisBench {
  readonly closers: Closers;
  server(): RedisServer;
  redis(): { readonly url: string; readonly prefix: string };
  producer(options?: Partial<ProducerOptions>, report?: QueueReport): Promise<BullmqProducer>;
  queues(
    options?: Partial<QueuesOptions>,
    report?: QueueReport,
    url?: string,
  ): Promise<BullmqQueues>;
  sweeps(
    options?: Partial<SweepQueueOptions>,
    report?: QueueReport,
    url?: string,
  ): Promise<SweepQueue>;
  work(...args: Parameters<typeof startWork>): StartedWork;
  /** Works, and lets jobs end only when they are told to, or when the test is over. */
  hold(queues: BullmqQueues): StartedWork & HeldJobs;
  /** A way to the server that can be cut. */
  proxy(): Promise<RedisProxy>;
}

/** To be called where a suite is described. */
export function useRedisBench(): RedisBench {
  const closers = createClosers();
  let current: RedisServer | undefined;
  let prefix = '';

  before(async function () {
    requireRedis(this);
    current = await startRedis();
  });

  beforeEach(() => {
    prefix = newPrefix();
  });

  afterEach(() => closers.closeAll());

  after(() => current?.remove());

  function server(): RedisServer {
    assert.ok(current);
    return current;
  }

  const redis = () => ({ url: server().url, prefix });
  const work: RedisBench['work'] = (...args) => closers.add(startWork(...args));

  return {
    closers,
    server,
    redis,
    work,
    producer: async (options, report) => closers.add(await openProducer(redis(), options, report)),
    queues: async (options, report, url = server().url) =>
      closers.add(await openQueues({ url, prefix }, options, report)),
    sweeps: async (options, report, url = server().url) =>
      closers.add(await openSweeps({ url, prefix }, options, report)),
    hold({ consumer }) {
      const held = holdJobs();
      const started = work(consumer, held.handle);
      closers.onClose(held.endAll);
      return { ...held, ...started };
    },
    proxy: async () => closers.add(await startRedisProxy(server().port)),
  };
}

/** Offers all at once, for now. */
export async function enqueueAll(
  producer: BullmqProducer,
  jobs: readonly CleanupJob[],
): Promise<void> {
  const now = systemClock.now();
  await Promise.all(jobs.map((job) => producer.enqueue(job, now)));
}
