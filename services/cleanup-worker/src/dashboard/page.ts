import type { MiddlewareHandler } from 'hono';
import type { DashboardEnvironment } from './dashboard-environment.js';

/** A style sheet or script of another host: bull-board takes its fonts from one. */
const outsideElement =
  /<(?:link|script)\b[^>]*\b(?:href|src)="(?:https?:)?\/\/[^>]*>(?:<\/script>)?/gi;
/** What moves until the page is there. It is styled in place, which no page here may be. */
const loader = /(?<=<div id="root">)[\s\S]*(?=<\/div>\s*<script\b)/;

/** The page as bull-board makes it, but for what it would ask of other hosts, and with our style sheet. */
export function ownPage(styleSheet: string): MiddlewareHandler<DashboardEnvironment> {
  return async (context, next) => {
    await next();
    const { res } = context;
    if (res.headers.get('content-type')?.startsWith('text/html') !== true) return;
    const page = (await res.text())
      .replaceAll(outsideElement, '')
      .replace(loader, 'Loading')
      .replace('</head>', `<link href="${styleSheet}" rel="stylesheet"></head>`);
    context.res = context.html(page, res.status as 200);
  };
}
