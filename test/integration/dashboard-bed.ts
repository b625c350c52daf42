import {
  changeIdOf,
  CleanupFailure,
  later,
  parseRevision,
  type ChangeId,
  type CleanupHandler,
} from '@holdfast/domain';
import {
  openCleanupProducer,
  openCleanupQueues,
  producerDefaults,
  queuesDefaults,
  redisAclRules,
  redisPrefixDefault,
  type BullmqProducer,
  type BullmqQueues,
} from '@holdfast/queue-bullmq';
import {
  createMetrics,
  Secret,
  startHttpEndpoint,
  systemClock as clock,
} from '@holdfast/service-kit';
import { createDashboard } from '../../services/cleanup-worker/src/dashboard/create-dashboard.js';
import { waitUntil } from '../support/cluster-wait.js';
import { startRedis, type RedisServer } from '../support/redis.js';
import { recordingLogger, type Line } from '../unit/service-kit/recording-logger.js';

/** A worker with its dashboard, a producer, and Redis. */
export interface DashboardBed {
  readonly redis: RedisServer;
  readonly producer: BullmqProducer;
  readonly queues: BullmqQueues;
  readonly url: string;
  /** What becomes of jobs from now on. At first they are done. */
  handle: CleanupHandler;
  audited(): readonly Line[];
  close(): Promise<void>;
}

export interface BedOptions {
  readonly writable?: boolean | undefined;
  readonly signIn?: { readonly username: string; readonly password: string } | undefined;
  /** Redis allows the worker no more than it has to. */
  readonly isRestricted?: boolean | undefined;
}

const user = { name: 'worker', password: 'for-this-test' };
const report = { connected: () => {}, disconnected: () => {}, failed: () => {} };

export async function startDashboardBed(options: BedOptions): Promise<DashboardBed> {
  const { writable, signIn, isRestricted } = options;
  const prefix = redisPrefixDefault;
  const rules = `${user.name} on >${user.password} ${redisAclRules('worker', prefix)}`;
  const redis = await startRedis(isRestricted === true ? { users: [rules] } : {});
  const url = isRestricted === true ? redis.urlOf(user.name, user.password) : redis.url;
  const address = { url, prefix };
  const producer = openCleanupProducer(address, producerDefaults, { clock, report });
  const attempts = { attemptsMax: 2, backoffMs: 10, backoffMsMax: 10 };
  const queues = openCleanupQueues(
    address,
    { ...queuesDefaults, ...attempts },
    { clock, random: Math.random, report },
  );
  const { logger, lines } = recordingLogger();
  const host = '127.0.0.1';
  const password = signIn === undefined ? undefined : new Secret(signIn.password);
  const routes = createDashboard(
    { host, username: signIn?.username, password, writable: writable ?? false },
    { boards: queues.boards, deadLetters: queues.consumer, logger, clock },
  );
  const http = await startHttpEndpoint(
    { host, port: 0 },
    { metrics: createMetrics({ service: 'test' }), isReady: () => true, logger, routes },
  );
  const stop = new AbortController();
  const bed: DashboardBed = {
    redis,
    producer,
    queues,
    url: `http://${host}:${http.address.port}`,
    handle: () => Promise.resolve(undefined),
    audited: () => lines().filter(({ audit }) => audit === true),
    async close() {
      stop.abort();
      await worked;
      await Promise.all([producer.close(), http.close()]);
      await queues.close();
      await redis.remove();
    },
  };
  const worked = queues.consumer.work((job, signal) => bed.handle(job, signal), {
    concurrency: 4,
    signal: stop.signal,
  });
  return bed;
}

export function changeOf(number: number): ChangeId {
  const digits = number.toString(16).padStart(12, '0');
  return changeIdOf(parseRevision(`0197a3c2-5b1e-7c40-9f2d-${digits}`));
}

/** A job whose change cannot be settled, out of its attempts. Answers its id. */
export async function addLetter(
  bed: DashboardBed,
  changeId: ChangeId,
  { reason, message }: { readonly reason: string; readonly message: string },
): Promise<string> {
  bed.handle = () => Promise.reject(new CleanupFailure(reason, message));
  await waitUntil('the producer is connected', bed.producer.isConnected, Boolean);
  await bed.producer.enqueue({ kind: 'settle-change', changeId }, clock.now());
  return becomesLetter(bed, `change-${changeId}`);
}

/** Jobs whose time has not come. */
export async function addDelayed({ producer }: DashboardBed, count: number): Promise<void> {
  const notBefore = later(clock.now(), 3_600_000);
  for (let number = 1; number <= count; number += 1) {
    await producer.enqueue({ kind: 'settle-change', changeId: changeOf(900 + number) }, notBefore);
  }
}

/** A job of a later version. Answers its id. */
export async function addUnknownLetter(bed: DashboardBed, jobId: string): Promise<string> {
  await bed.queues.boards[0]?.add('settle-change', { v: 2 }, { jobId });
  return becomesLetter(bed, jobId);
}

async function becomesLetter({ queues }: DashboardBed, jobId: string): Promise<string> {
  await waitUntil(
    `${jobId} is a dead letter`,
    () => queues.boards[0]?.getJobState(jobId),
    (state) => state === 'failed',
  );
  return jobId;
}
