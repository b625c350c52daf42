import { createMetrics, Secret, startHttpEndpoint, type HttpEndpoint } from '@holdfast/service-kit';
import { createManualClock, type ManualClock } from '@holdfast/testkit';
import { once } from 'node:events';
import { request, type IncomingHttpHeaders, type IncomingMessage } from 'node:http';
import { text as textOf } from 'node:stream/consumers';
import { createDashboard } from '../../../services/cleanup-worker/src/dashboard/create-dashboard.js';
import type { RetryDependencies } from '../../../services/cleanup-worker/src/dashboard/retries.js';
import { recordingLogger, type Line } from '../service-kit/recording-logger.js';

export interface Answer {
  readonly status: number | undefined;
  readonly headers: IncomingHttpHeaders;
  readonly text: string;
}

export interface Asking {
  readonly method?: string | undefined;
  readonly headers?: Readonly<Record<string, string>> | undefined;
  readonly body?: string | undefined;
}

/** The dashboard on a real port, over queues that are made up. */
export interface DashboardFixture {
  readonly endpoint: HttpEndpoint;
  readonly queues: FakeQueues;
  ask(path: string, asking?: Asking): Promise<Answer>;
  /** As the page itself asks. */
  change(path: string, asking?: Asking): Promise<Answer>;
  readonly logged: () => string;
  readonly lines: () => readonly Line[];
  readonly clock: ManualClock;
  close(): Promise<void>;
}

export interface FixtureOptions {
  readonly writable?: boolean | undefined;
  readonly signIn?: { readonly username: string; readonly password: string } | undefined;
}

export async function startDashboard(options: FixtureOptions = {}): Promise<DashboardFixture> {
  const { logger, text: logged, lines } = recordingLogger();
  const queues = createFakeQueues();
  const clock = createManualClock();
  const { username, password } = options.signIn ?? {};
  const host = '127.0.0.1';
  const routes = createDashboard(
    {
      host,
      username,
      password: password === undefined ? undefined : new Secret(password),
      writable: options.writable ?? false,
    },
    {
      boards: queues.boards,
      deadLetters: queues.deadLetters,
      logger,
      clock,
    },
  );
  const endpoint = await startHttpEndpoint(
    { host, port: 0 },
    { metrics: createMetrics({ service: 'test' }), isReady: () => true, logger, routes },
  );
  const { port } = endpoint.address;
  const origin = `http://${host}:${port}`;

  const ask = (path: string, asking: Asking = {}): Promise<Answer> =>
    askEndpoint({ host, port }, path, asking);

  return {
    endpoint,
    queues,
    ask,
    change: (path, asking = {}) =>
      ask(path, { method: 'PUT', ...asking, headers: { origin, ...asking.headers } }),
    logged,
    lines,
    clock,
    close: () => endpoint.close(),
  };
}

/** With Node's own client, which sends what no browser would. */
async function askEndpoint(
  address: { readonly host: string; readonly port: number },
  path: string,
  { method = 'GET', headers = {}, body }: Asking,
): Promise<Answer> {
  const asking = request({ ...address, path, method, headers: { ...headers }, agent: false });
  asking.end(body);
  const [response] = (await once(asking, 'response')) as [IncomingMessage];
  return {
    status: response.statusCode,
    headers: response.headers,
    text: await textOf(response),
  };
}

interface FakeJob {
  readonly id: string;
  readonly failedReason: string;
}

export interface FakeQueues extends Pick<RetryDependencies, 'boards' | 'deadLetters'> {
  /** The failed jobs of `changelog-cleanup`. A retried one is gone. */
  readonly failed: FakeJob[];
  /** Of each job. */
  readonly logLines: string[];
  /** Runs before each answer. */
  onAsked: () => Promise<void>;
  readonly retried: string[];
}

function createFakeQueues(): FakeQueues {
  const failed: FakeJob[] = [];
  const retried: string[] = [];
  const logLines: string[] = [];
  const queues: FakeQueues = {
    failed,
    logLines,
    retried,
    onAsked: () => Promise.resolve(),
    boards: ['changelog-cleanup', 'orphan-reclaim', 'sweep'].map((name) =>
      createFakeQueue(name, { failed: name === 'changelog-cleanup' ? failed : [], logLines }, () =>
        queues.onAsked(),
      ),
    ),
    deadLetters: {
      async retryDeadLetter(id) {
        await queues.onAsked();
        const at = failed.findIndex((job) => job.id === id);
        if (at < 0) return 'absent';
        failed.splice(at, 1);
        retried.push(id);
        return 'retried';
      },
    },
  };
  return queues;
}

/** As much of BullMQ's queue as bull-board and the dashboard ask. */
function createFakeQueue(
  name: string,
  { failed, logLines }: Pick<FakeQueues, 'failed' | 'logLines'>,
  onAsked: () => Promise<void>,
): RetryDependencies['boards'][number] {
  const answer = async <T>(value: () => T): Promise<T> => {
    await onAsked();
    return value();
  };
  const queue = {
    name,
    metaValues: { version: 'bullmq:6.7.0' },
    opts: {},
    getBackend: () => undefined,
    getJobCounts: () => answer(() => ({ failed: failed.length })),
    getFailedCount: () => answer(() => failed.length),
    getRanges: (_: readonly string[], start: number, end: number) =>
      answer(() => failed.slice(start, end + 1).map(({ id }) => id)),
    getJobState: (id: string) =>
      answer(() => (failed.some((job) => job.id === id) ? 'failed' : 'unknown')),
    getJobs: () => answer(() => failed.map(createFakeJob)),
    getJobLogs: (_: string, start = 0, end = -1) =>
      answer(() => ({
        logs: logLines.slice(start, end < 0 ? undefined : end + 1),
        count: logLines.length,
      })),
    isPaused: () => answer(() => false),
    getGlobalConcurrency: () => answer(() => null),
    getRateLimitTtl: () => answer(() => 0),
    getJobSchedulersCount: () => answer(() => 0),
  };
  return queue as unknown as RetryDependencies['boards'][number];
}

function createFakeJob(job: FakeJob): object {
  const fields = {
    ...job,
    name: 'settle-change',
    data: { v: 1, changeId: job.id.replace('change-', '') },
    stacktrace: [],
    attemptsMade: 10,
    timestamp: 1_000_000,
    progress: 0,
    opts: { attempts: 10 },
    returnvalue: null,
    toJSON(): object {
      return { ...fields };
    },
  };
  return fields;
}
