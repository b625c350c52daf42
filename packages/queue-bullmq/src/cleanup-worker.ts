import {
  type Job,
  QueueKeys,
  RedisConnection,
  RedisQueueBackend,
  Worker,
  type JobJson,
  type Processor,
  type WorkerOptions,
} from 'bullmq';
import { setTimeout as sleep } from 'node:timers/promises';
import type { RedisClient } from './connect-redis.js';

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
      return new RedisQueueBackend(
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

  /** A Redis that refuses is asked again after a while, instead of at once. */
  protected override async moveToActive(token: string, name?: string): Promise<QueuedJob> {
    try {
      return await super.moveToActive(token, name);
    } catch (error) {
      await sleep(refusedMsMin, undefined, { signal: this.#ended.signal }).catch(() => undefined);
      throw error;
    }
  }

  /** A job whose data is no JSON is one that nobody can read: it fails like others of that kind. */
  protected override createJob(json: JobJson, jobId: string): QueuedJob {
    return super.createJob(isJson(json.data) ? json : { ...json, data: 'null' }, jobId);
  }
}

function isJson(text: string): boolean {
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false;
  }
}

function asError(error: unknown): Error {
  return error instanceof Error ? error : new Error(String(error));
}
