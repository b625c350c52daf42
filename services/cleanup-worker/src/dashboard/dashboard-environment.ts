import type { HttpBindings } from '@hono/node-server';
import type { Context } from 'hono';

/** What the handlers of a request find besides the request itself. */
export interface DashboardEnvironment {
  readonly Bindings: HttpBindings;
  readonly Variables: {
    /** Who asks, once that is known. */
    user: string;
  };
}

export type DashboardContext = Context<DashboardEnvironment>;

export function addressOf(context: DashboardContext): string {
  return context.env.incoming.socket.remoteAddress ?? 'unknown';
}

/** Where the page is; nothing of it is anywhere else. */
export const dashboardPath = '/queues';
export const apiPath = `${dashboardPath}/api`;

/** Answers that something is not done, in the words that the page shows to people. */
export function refuse(
  context: DashboardContext,
  status: 400 | 401 | 403 | 404 | 405 | 413 | 429 | 500 | 503 | 504,
  message: string,
): Response {
  if (!context.req.path.startsWith(`${apiPath}/`)) return context.text(`${message}\n`, status);
  return context.json({ error: titles[status], message }, status);
}

const titles = {
  400: 'Bad request',
  401: 'Not signed in',
  403: 'Not allowed',
  404: 'Not found',
  405: 'Not allowed',
  413: 'Too large',
  429: 'Too many attempts',
  500: 'Failed',
  503: 'Too busy',
  504: 'No answer from Redis',
} as const;
