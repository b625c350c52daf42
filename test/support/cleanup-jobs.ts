import { Queue } from 'bullmq';
import type { RedisServer } from './redis.js';

/** The queue of changes to settle as anybody sees it who may write to Redis. */
export interface JobsInRedis {
  readonly queue: Queue;
  counts(): Promise<JobCounts>;
  close(): Promise<void>;
}

export interface JobCounts {
  readonly waiting: number;
  readonly delayed: number;
  readonly active: number;
  readonly failed: number;
}

const name = 'changelog-cleanup';
const prefix = '{holdfast}';

export function openJobs(redis: Pick<RedisServer, 'port'>): JobsInRedis {
  const connection = { host: '127.0.0.1', port: redis.port, maxRetriesPerRequest: null };
  const queue = new Queue(name, { connection, prefix });
  // Redis is killed in some tests; what is asked of it then fails by itself.
  queue.on('error', () => undefined);
  return {
    queue,
    async counts() {
      const counts = await queue.getJobCounts('waiting', 'delayed', 'active', 'failed');
      const { waiting = 0, delayed = 0, active = 0, failed = 0 } = counts;
      return { waiting, delayed, active, failed };
    },
    close: () => queue.close(),
  };
}
