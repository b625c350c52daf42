import type { MiddlewareHandler } from 'hono';
import type { DashboardEnvironment } from './dashboard-environment.js';

/** The page may use what comes from here, and nothing that is written into it. */
const contentSecurityPolicy = [
  "default-src 'none'",
  "script-src 'self'",
  "style-src 'self'",
  "img-src 'self' data:",
  "font-src 'self'",
  "connect-src 'self'",
  "worker-src 'self'",
  "base-uri 'self'",
  "form-action 'none'",
  "frame-ancestors 'none'",
].join('; ');

const headers = {
  'content-security-policy': contentSecurityPolicy,
  'cross-origin-opener-policy': 'same-origin',
  'cross-origin-resource-policy': 'same-origin',
  'referrer-policy': 'no-referrer',
  'x-content-type-options': 'nosniff',
} as const;

/** The names of files of the page change with what is in them. */
const keptMsMax = 3_600;

/** For every answer, also the refusals. */
export function pageHeaders(staticPath: string): MiddlewareHandler<DashboardEnvironment> {
  return async (context, next) => {
    await next();
    for (const [name, value] of Object.entries(headers)) context.header(name, value);
    const isFile = context.req.path.startsWith(`${staticPath}/`) && context.res.ok;
    context.header('cache-control', isFile ? `private, max-age=${keptMsMax}` : 'no-store');
  };
}
