import { createLineLimit, isLoopback, type Logger } from '@holdfast/service-kit';
import type { MiddlewareHandler } from 'hono';
import { createAttempts } from './attempts.js';
import { createProof, type Credentials } from './credentials.js';
import { addressOf, apiPath, refuse, type DashboardEnvironment } from './dashboard-environment.js';
import { hostNameOf } from './host-name.js';

type Check = MiddlewareHandler<DashboardEnvironment>;

export interface DoorOptions {
  /** Where the HTTP port listens. */
  readonly host: string;
  readonly credentials: Credentials | undefined;
}

export interface DoorDependencies {
  readonly logger: Logger;
  readonly now: () => number;
}

const linesPerSecondMax = 1;
const readMethods: readonly string[] = ['GET', 'HEAD'];
const methods: readonly string[] = [...readMethods, 'PUT'];
/** What a browser says of a request of the page itself, and of one that a person made. */
const ownSites: readonly string[] = ['same-origin', 'none'];

/**
 * What every request has to pass, in this order: it is one that the page makes, it was meant for this
 * host, no page of somebody else has the queues read, it is known who makes it, and what changes
 * something comes from the page itself.
 */
export function createDoor(options: DoorOptions, dependencies: DoorDependencies): readonly Check[] {
  return [
    checkShape,
    ...(isLoopback(options.host) ? [checkHost] : []),
    checkReader,
    options.credentials === undefined ? acceptAll : authenticate(options.credentials, dependencies),
    checkOrigin,
  ];
}

/** The page sends no bodies, so nothing has to be read that nobody has bounded. */
const checkShape: Check = async (context, next) => {
  const { req } = context;
  if (!methods.includes(req.method)) {
    context.header('allow', methods.join(', '));
    return refuse(context, 405, `not ${methods.join(', ')}`);
  }
  const hasBody =
    req.header('transfer-encoding') !== undefined || Number(req.header('content-length') ?? 0) > 0;
  if (!hasBody) return next();
  context.header('connection', 'close');
  return refuse(context, 413, 'no request has a body here');
};

/**
 * A page of somebody else could have its name resolve to this machine, and read everything as if it
 * was its own: its requests still carry that name.
 */
const checkHost: Check = async (context, next) => {
  const name = hostNameOf(context.req.header('host') ?? '');
  if (name !== undefined && isLoopback(name)) return next();
  return refuse(context, 403, 'only as localhost: this port is for this machine');
};

/**
 * Any page that a browser has open can have it ask for anything here. It does not get to see the answers,
 * but they would cost memory and time all the same, and wrong passwords would count.
 */
const checkReader: Check = async (context, next) => {
  const site = context.req.header('sec-fetch-site');
  const isForeign = site !== undefined && !ownSites.includes(site);
  if (!isForeign || !context.req.path.startsWith(`${apiPath}/`)) return next();
  return refuse(context, 403, 'only from the page itself');
};

const acceptAll: Check = async (context, next) => {
  context.set('user', 'loopback');
  return next();
};

function authenticate(credentials: Credentials, { logger, now }: DoorDependencies): Check {
  const proof = createProof(credentials);
  const attempts = createAttempts(now);
  const lineLimit = createLineLimit(linesPerSecondMax, now);

  return async (context, next) => {
    const address = addressOf(context);
    if (!attempts.isAllowed(address)) {
      context.header('retry-after', '10');
      return refuse(context, 429, 'too many failed attempts: wait a little');
    }
    const header = context.req.header('authorization');
    const user = proof(header);
    if (user !== undefined) {
      context.set('user', user);
      return next();
    }
    if (header !== undefined) {
      attempts.failed(address);
      const heldBack = lineLimit();
      // What was given is not told: people type their passwords into the wrong field.
      if (heldBack !== undefined) logger.warn({ address, heldBack }, 'a dashboard sign-in failed');
    }
    context.header('www-authenticate', 'Basic realm="Holdfast queues", charset="UTF-8"');
    return refuse(context, 401, 'user name and password are needed');
  };
}

/** Browsers send credentials with the requests of any page, but say whose page it was. */
const checkOrigin: Check = async (context, next) => {
  if (readMethods.includes(context.req.method) || isFromPage(context.req)) return next();
  return refuse(context, 403, 'only from the page itself');
};

interface Asked {
  header(name: string): string | undefined;
}

/** A browser decides what both headers say. Over plain HTTP from another host there is `Origin` only. */
function isFromPage(asked: Asked): boolean {
  const site = asked.header('sec-fetch-site');
  if (site !== undefined) return site === 'same-origin';
  const origin = asked.header('origin');
  const host = asked.header('host')?.toLowerCase();
  return origin !== undefined && host !== undefined && hostOfOrigin(origin) === host;
}

function hostOfOrigin(origin: string): string | undefined {
  return /^https?:\/\/(?<host>[^/]+)$/.exec(origin.toLowerCase())?.groups?.['host'];
}
