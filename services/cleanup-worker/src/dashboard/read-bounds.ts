import type { MiddlewareHandler } from 'hono';
import { refuse, type DashboardEnvironment } from './dashboard-environment.js';

/** How much one request may have read. bull-board itself takes any number. */
const bounds = {
  jobsPerPage: 100,
  page: 1_000_000,
  /** Of the jobs that a job waits for; here none does. */
  depth: 10,
  maxChildren: 100,
} as const;

const wholeNumber = /^[1-9]\d{0,6}$/;

export const boundReads: MiddlewareHandler<DashboardEnvironment> = async (context, next) => {
  for (const [name, max] of Object.entries(bounds)) {
    const given = context.req.queries(name) ?? [];
    if (given.length > 1 || !given.every((text) => wholeNumber.test(text) && Number(text) <= max)) {
      return refuse(context, 400, `${name} has to be one whole number from 1 to ${max}`);
    }
  }
  return next();
};
