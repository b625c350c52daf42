import { createBullBoard } from '@bull-board/api';
import type { BullMQAdapter } from '@bull-board/api/bullMQAdapter';
import { HonoAdapter } from '@bull-board/hono';
import { serveStatic } from '@hono/node-server/serve-static';
import { createLineLimit, type Logger } from '@holdfast/service-kit';
import type { Hono } from 'hono';

type BoardRoutes = Parameters<HonoAdapter['setApiRoutes']>[0];

export interface BoardOptions {
  readonly path: string;
  readonly writable: boolean;
}

/** What of bull-board can be reached: its page and what it reads. It never changes anything. */
class ReadingBoard extends HonoAdapter {
  override setApiRoutes(routes: BoardRoutes): this {
    return super.setApiRoutes(routes.filter(({ method }) => method === 'get'));
  }
}

const linesPerSecondMax = 1;

/** To be mounted at `options.path`. */
export function createBoard(
  options: BoardOptions,
  dependencies: { readonly queues: readonly BullMQAdapter[]; readonly logger: Logger },
): Hono {
  const { path, writable } = options;
  const { queues, logger } = dependencies;
  const serverAdapter = new ReadingBoard(serveStatic).setBasePath(path);
  createBullBoard({
    queues,
    serverAdapter,
    options: { uiConfig: uiConfig(writable) },
  });
  const lineLimit = createLineLimit(linesPerSecondMax);
  serverAdapter.setErrorHandler((cause) => {
    const heldBack = lineLimit();
    if (heldBack !== undefined) logger.warn({ cause, heldBack }, 'the dashboard cannot read Redis');
    return {
      status: 500,
      body: { error: 'Redis cannot be read', message: 'the log of the cleanup worker says why' },
    };
  });
  return serverAdapter.registerPlugin();
}

function uiConfig(writable: boolean) {
  return {
    boardTitle: 'Holdfast queues',
    environment: writable
      ? { label: 'retries allowed', color: '#b45309', textColor: '#ffffff' }
      : { label: 'read-only', color: '#475569', textColor: '#ffffff' },
    hideDocsLink: true,
    /** Both ask Redis more than the user of a worker has to be allowed. */
    hideRedisDetails: true,
    showWorkers: false,
  };
}
