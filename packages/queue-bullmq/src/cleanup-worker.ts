import { CleanupFailure, type Timestamp } from '@holdfast/domain';
import {
  type Job,
  QueueKeys,
  RedisConnection,
  Worker,
  type JobJson,
  type Processor,
  type WorkerOptions,
} from 'bullmq';
import { setTimeout as sleep } from 'node:timers/promises';
import type { RedisClient } from './connect-redis.js';
import { claimLapsedReason, formatFailure } from './failure-codec.js';
import { isOutOfMemory, makeWay } from './make-way.js';
import { ReadableBackend } from './readable-backend.js';

export type QueuedJob = Job<unknown, unknown>;

export interface WorkerConnections {
  /** For waiting for jobs. */
  readonly blocking: RedisClient;
  /** For everything else. */
  readonly main: RedisClient;
}

const refusedMsMin = 1_000;

/** BullMQ's worker, helped where it would not go on by itself. Its connections are its own. */
export class CleanupWorker extends Worker<unknown, unknown> {
  readonly #connections: WorkerConnections;
  readonly #ended = new AbortController();

  constructor(
    name: string,
    processor: Processor<unknown, unknown>,
    options: Omit<WorkerOptions, 'connection' | 'autorun'>,
    connections: WorkerConnections,
  ) {
    const { main, blocking } = connections;
    super(name, processor, { ...options, connection: main, autorun: false }, (queue, given) => {
      const { prefix = '' } = options;
      const keys = new QueueKeys(prefix);
      return new ReadableBackend(
        new RedisConnection(main, { shared: true, blocking: false }),
        queue,
        keys.getKeys(queue),
        (type) => keys.toKey(queue, type),
        given,
        new RedisConnection(blocking, { shared: false, blocking: true }),
      );
    });
    this.#connections = connections;
  }

  /** It may be called again after it has ended for a pause. */
  override async run(): Promise<void> {
    try {
      await super.run();
    } catch (error) {
      this.emit('error', asError(error));
    }
  }

  /** Lets go of Redis, and of what it has not answered. A `close` that waits for it may never end. */
  abandon(): void {
    this.#ended.abort();
    void this.lockManager.close();
    this.#connections.blocking.disconnect();
    this.#connections.main.disconnect();
  }

  /** Puts a running job off, and forgets how often it has failed, and its workers have died with it. */
  async runAgain({ id = '' }: QueuedJob, at: Timestamp, token: string): Promise<void> {
    const now = Date.now();
    await this.getBackend().moveToDelayed(id, now, Math.max(0, at - now), token, {
      skipAttempt: true,
      fieldsToUpdate: { atm: 0, stc: 0 },
    });
  }

  async countDeadLetters(): Promise<number> {
    const [count = 0] = await this.getBackend().getCounts(['failed']);
    return count;
  }

  /** A Redis that refuses is asked again after a while, instead of at once. */
  protected override async moveToActive(token: string, name?: string): Promise<QueuedJob> {
    try {
      return await this.#take(() => super.moveToActive(token, name));
    } catch (error) {
      await sleep(refusedMsMin, undefined, { signal: this.#ended.signal }).catch(() => undefined);
      throw error;
    }
  }

  /** A Redis whose memory is full would hold on to the very jobs that fill it. */
  async #take(take: () => Promise<QueuedJob>): Promise<QueuedJob> {
    try {
      return await take();
    } catch (error) {
      if (!isOutOfMemory(error)) throw error;
      const keys = { wait: this.toKey('wait'), delayed: this.toKey('delayed') };
      if (!(await makeWay(this.#connections.main, keys, Date.now()))) throw error;
      return take();
    }
  }

  /** A job whose claim has lapsed too often fails at once. BullMQ says so without a reason in front. */
  protected override createJob(json: JobJson, jobId: string): QueuedJob {
    const job = super.createJob(json, jobId);
    if (json.deferredFailure !== undefined) job.deferredFailure = formatFailure(claimLapsed);
    return job;
  }
}

const claimLapsed = new CleanupFailure(
  claimLapsedReason,
  'its claim has lapsed again and again: its workers died with it, or did not end it in time',
);

function asError(error: unknown): Error {
  return error instanceof Error ? error : new Error(String(error));
}
