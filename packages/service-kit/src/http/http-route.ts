import type { IncomingMessage, ServerResponse } from 'node:http';

/**
 * Something else that is served on the port. The handler answers the request in full: what it asks of
 * its callers, its headers and its limits are its own. Should it throw or reject before it has begun to
 * answer, the caller gets a 500 without a word about why.
 */
export interface HttpRoute {
  /** `/queues` is also asked for what is below it; `/` for nothing but itself. */
  readonly path: string;
  readonly handle: (request: IncomingMessage, response: ServerResponse) => void | Promise<void>;
}

export function findRoute(routes: readonly HttpRoute[], path: string): HttpRoute | undefined {
  return routes.find((route) => {
    return path === route.path || (route.path !== '/' && path.startsWith(`${route.path}/`));
  });
}
