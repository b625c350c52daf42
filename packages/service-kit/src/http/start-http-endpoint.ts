import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Logger } from '../logging/logger.js';
import type { Metrics } from '../metrics/metrics.js';
import type { HttpEndpoint } from './http-endpoint.js';
import { findRoute, type HttpRoute } from './http-route.js';
import { listenFailure } from './listen-failure.js';

export interface HttpEndpointOptions {
  readonly host: string;
  /** 0 takes any free one. */
  readonly port: number;
}

export interface HttpEndpointDependencies {
  readonly metrics: Metrics;
  /** Whether calls should be sent here; if not, it may say why. */
  readonly isReady: () => boolean | string;
  readonly logger?: Logger | undefined;
  /** What else is served. None can take the place of what is always there. */
  readonly routes?: readonly HttpRoute[] | undefined;
}

const connectionsMax = 64;
const requestsPerConnectionMax = 1_000;
const headerBytesMax = 8 * 1024;
/** Browsers also send the cookies of whatever else runs on this host, whichever its port. */
const headerBytesMaxOfBrowsers = 16 * 1024;
const headersMsMax = 5_000;
const requestMsMax = 10_000;
const idleMsMax = 5_000;
/** A connection on which no byte moves for so long, in the middle of an answer too, is ended. */
const stalledMsMax = 30_000;
const closeMsMax = 1_000;

/** Nothing here is a page: no browser may show, keep or guess anything. */
const commonHeaders = {
  'cache-control': 'no-store',
  'content-security-policy': "default-src 'none'; frame-ancestors 'none'",
  'cross-origin-resource-policy': 'same-origin',
  'referrer-policy': 'no-referrer',
  'x-content-type-options': 'nosniff',
};

interface Answer {
  readonly status: number;
  readonly text: string;
  readonly contentType?: string;
  readonly headers?: Readonly<Record<string, string>>;
}

/** Listens, or rejects with a `StartupError`. */
export async function startHttpEndpoint(
  options: HttpEndpointOptions,
  dependencies: HttpEndpointDependencies,
): Promise<HttpEndpoint> {
  const server = createServer(
    {
      maxHeaderSize: dependencies.routes === undefined ? headerBytesMax : headerBytesMaxOfBrowsers,
      headersTimeout: headersMsMax,
      requestTimeout: requestMsMax,
      keepAliveTimeout: idleMsMax,
      connectionsCheckingInterval: idleMsMax,
    },
    (request, response) => void serve(request, response, dependencies),
  );
  server.maxConnections = connectionsMax;
  server.maxRequestsPerSocket = requestsPerConnectionMax;
  server.setTimeout(stalledMsMax);
  const port = await listen(server, options);
  server.on('error', (cause) => dependencies.logger?.warn({ cause }, 'the HTTP endpoint failed'));
  return { address: { host: options.host, port }, close: () => close(server) };
}

function listen(server: Server, options: HttpEndpointOptions): Promise<number> {
  return new Promise((resolve, reject) => {
    const refuse = (cause: Error): void => reject(listenFailure(options, cause));
    server.once('error', refuse);
    server.listen(options.port, options.host, () => {
      server.off('error', refuse);
      resolve((server.address() as AddressInfo).port);
    });
  });
}

async function close(server: Server): Promise<void> {
  const closed = new Promise<void>((resolve) => {
    server.close(() => resolve());
  });
  server.closeIdleConnections();
  const timer = setTimeout(() => server.closeAllConnections(), closeMsMax);
  await closed;
  clearTimeout(timer);
}

async function serve(
  request: IncomingMessage,
  response: ServerResponse,
  dependencies: HttpEndpointDependencies,
): Promise<void> {
  const path = pathOf(request);
  const route = isAlwaysThere(path) ? undefined : findRoute(dependencies.routes ?? [], path);
  if (route === undefined) {
    respond(request, response, await answerTo(request, path, dependencies));
    return;
  }
  try {
    await route.handle(request, response);
  } catch (cause) {
    dependencies.logger?.warn({ cause, path: route.path }, 'the HTTP endpoint could not answer');
    if (response.headersSent) response.destroy();
    else respond(request, response, failed);
  }
}

function pathOf(request: IncomingMessage): string {
  return (request.url ?? '').split('?', 1)[0] ?? '';
}

function respond(request: IncomingMessage, response: ServerResponse, answer: Answer): void {
  const body = Buffer.from(answer.text);
  // A body that nobody asked for is not read: the connection ends with it.
  const sentBody = hasBody(request) ? { connection: 'close' } : {};
  response.writeHead(answer.status, {
    ...commonHeaders,
    'content-type': answer.contentType ?? 'text/plain; charset=utf-8',
    'content-length': body.length,
    ...answer.headers,
    ...sentBody,
  });
  response.end(request.method === 'HEAD' ? undefined : body);
}

function hasBody({ headers }: IncomingMessage): boolean {
  return headers['transfer-encoding'] !== undefined || Number(headers['content-length'] ?? 0) > 0;
}

async function answerTo(
  request: IncomingMessage,
  path: string,
  dependencies: HttpEndpointDependencies,
): Promise<Answer> {
  if (!isAlwaysThere(path)) return { status: 404, text: 'not found\n' };
  if (request.method !== 'GET' && request.method !== 'HEAD') {
    return { status: 405, text: 'only GET and HEAD\n', headers: { allow: 'GET, HEAD' } };
  }
  try {
    return await answers[path](dependencies);
  } catch (cause) {
    dependencies.logger?.warn({ cause, path }, 'the HTTP endpoint could not answer');
    return failed;
  }
}

const failed: Answer = { status: 500, text: 'failed\n' };

function isAlwaysThere(path: string): path is keyof typeof answers {
  return Object.hasOwn(answers, path);
}

const answers = {
  '/healthz': (): Answer => ({ status: 200, text: 'ok\n' }),

  '/readyz': ({ isReady }: HttpEndpointDependencies): Answer => {
    const ready = isReady();
    if (ready === true) return { status: 200, text: 'ready\n' };
    return { status: 503, text: ready === false ? 'not ready\n' : `not ready: ${ready}\n` };
  },

  '/metrics': async ({ metrics }: HttpEndpointDependencies): Promise<Answer> => {
    return { status: 200, text: await metrics.text(), contentType: metrics.contentType };
  },
} as const;
