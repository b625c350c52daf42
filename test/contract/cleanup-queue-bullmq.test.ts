import { later, type Timestamp } from '@holdfast/domain';
import type { BullmqQueues } from '@holdfast/queue-bullmq';
import { systemClock } from '@holdfast/service-kit';
import { describeCleanupQueue, type CleanupQueueUnderTest } from '@holdfast/testkit';
import { setTimeout as sleep } from 'node:timers/promises';
import { waitUntil } from '../support/cluster-wait.js';
import { startRedisProxy } from '../support/redis-proxy.js';
import {
  countRunning,
  newPrefix,
  openProducer,
  openQueues,
  openSweeps,
  smallTimes,
  type CountedConsumer,
} from '../support/redis-queue.js';
import { requireRedis, startRedis, type RedisServer } from '../support/redis.js';

const stepMs = 40;
/** Generous: the machine may be busy. */
const slackMs = 800;
const settleMsMax = 2_000;

describe('The queue on BullMQ', () => {
  let server: RedisServer;

  before(async function () {
    requireRedis(this);
    server = await startRedis();
  });

  after(() => server?.remove());

  async function open(): Promise<CleanupQueueUnderTest> {
    const redis = { url: server.url, prefix: newPrefix() };
    const way = await startRedisProxy(server.port);
    const [producer, queues, sweeps] = await Promise.all([
      openProducer({ ...redis, url: way.url }),
      openQueues(redis),
      openSweeps({ ...redis, url: way.url }),
    ]);
    const consumers = [countRunning(queues.consumer)];
    const closers = [producer.close, queues.close, sweeps.close, way.close];
    let claimsOfTheDead = 0;

    async function openDoomed() {
      const proxy = await startRedisProxy(server.port);
      const doomed = await openQueues({ ...redis, url: proxy.url });
      const consumer = countRunning(doomed.consumer);
      closers.unshift(doomed.close, proxy.close);
      return {
        consumer,
        async die() {
          claimsOfTheDead += consumer.running();
          proxy.cut();
        },
      };
    }

    return {
      producer,
      consumer: consumers[0] ?? queues.consumer,
      jobs: sweeps.jobs,
      timing: { ...smallTimes, stepMs, slackMs },
      now: systemClock.now,
      async advance(ms) {
        await passTime(ms);
        await noted(queues, consumers, () => claimsOfTheDead);
      },
      openDoomed,
      takeDown: async () => way.cut(),
      async close() {
        for (const close of closers) await close();
      },
    };
  }

  describeCleanupQueue('BullMQ', open);
});

/** A timer may end a little early by the clock that the queue looks at. */
async function passTime(ms: number): Promise<void> {
  const end: Timestamp = later(systemClock.now(), ms);
  do await sleep(Math.max(1, end - systemClock.now()));
  while (systemClock.now() < end);
}

/** Waits until Redis knows how all handlers have ended that have. */
async function noted(
  queues: BullmqQueues,
  consumers: readonly CountedConsumer[],
  claimsOfTheDead: () => number,
): Promise<void> {
  await waitUntil(
    'what handlers answered is noted',
    async () => {
      const running = consumers.reduce((sum, consumer) => sum + consumer.running(), 0);
      const active = (await queues.stats()).reduce((sum, stats) => sum + stats.active, 0);
      return { active, expected: running + claimsOfTheDead() };
    },
    ({ active, expected }) => active <= expected,
    settleMsMax,
  );
}
