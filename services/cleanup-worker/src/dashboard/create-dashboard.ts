import { getRequestListener } from '@hono/node-server';
import type { Clock } from '@holdfast/domain';
import type { HttpRoute, Logger, Secret } from '@holdfast/service-kit';
import { Hono } from 'hono';
import { showQueue } from './board-queues.js';
import { createBoard } from './board.js';
import { requiredCredentials } from './credentials.js';
import {
  apiPath,
  dashboardPath,
  refuse,
  type DashboardEnvironment,
} from './dashboard-environment.js';
import { createDoor } from './door.js';
import { pageHeaders } from './page-headers.js';
import { pageStyle } from './page-style.js';
import { ownPage } from './page.js';
import { boundReads } from './read-bounds.js';
import { createRetries, type RetryDependencies } from './retries.js';
import { timeLimit } from './time-limit.js';

export interface DashboardOptions {
  /** Where the HTTP port listens. */
  readonly host: string;
  readonly username?: string | undefined;
  readonly password?: Secret | undefined;
  /** Whether dead letters can be retried from the page. */
  readonly writable: boolean;
}

export interface DashboardDependencies extends RetryDependencies {
  readonly logger: Logger;
  readonly clock: Clock;
}

const staticPath = `${dashboardPath}/static`;
const styleSheet = `${dashboardPath}/holdfast.css`;

/** The page of one operator asks once in a few seconds, and each answer takes some memory. */
const redisLimit = { msMax: 5_000, runningMax: 4, waitingMax: 28 };

/**
 * The queues in a browser. Throws a `StartupError` where others than this machine would reach it without
 * proving who they are.
 */
export function createDashboard(
  options: DashboardOptions,
  dependencies: DashboardDependencies,
): readonly HttpRoute[] {
  const { host, writable } = options;
  const { boards, logger, clock } = dependencies;
  const app = new Hono<DashboardEnvironment>({ strict: false });
  app.use(pageHeaders(staticPath));
  const door = createDoor(
    { host, credentials: requiredCredentials(options) },
    { logger, now: () => clock.now() },
  );
  for (const check of door) app.use(check);

  app.get('/', (context) => context.redirect(dashboardPath));
  app.get(styleSheet, (context) => context.body(pageStyle, 200, { 'content-type': 'text/css' }));
  app.use(`${apiPath}/*`, boundReads, timeLimit(redisLimit, clock));
  if (writable) app.route(apiPath, createRetries(dependencies));
  app.use(`${dashboardPath}/*`, ownPage(styleSheet));
  const queues = boards.map((queue) => showQueue(queue, writable));
  app.route(dashboardPath, createBoard({ path: dashboardPath, writable }, { queues, logger }));
  app.put('*', (context) => {
    return refuse(context, 403, writable ? 'not from this page' : 'this page only shows');
  });
  app.notFound((context) => refuse(context, 404, 'not found'));
  app.onError((cause, context) => {
    logger.warn({ cause }, 'the dashboard could not answer');
    return refuse(context, 500, 'failed');
  });

  const handle = getRequestListener(app.fetch, { overrideGlobalObjects: false });
  return ['/', dashboardPath].map((path) => ({ path, handle }));
}
