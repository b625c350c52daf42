import type { Clock } from '@holdfast/domain';
import type { QueueReport } from './queue-report.js';

const repeatMsMin = 30_000;
const textsMax = 100;

/** Passes on what failed, but the same failure not again and again. */
export function limitReports(report: QueueReport, clock: Clock): QueueReport['failed'] {
  const reportedAt = new Map<string, number>();

  return (what, cause) => {
    const message = cause instanceof Error ? cause.message : String(cause);
    // What befalls many jobs at once is told of one of them.
    const text = `${what}: ${message.replaceAll(/\bjob \S+/g, 'job')}`;
    const now = clock.now();
    const last = reportedAt.get(text);
    if (last !== undefined && now >= last && now - last < repeatMsMin) return;
    if (reportedAt.size >= textsMax) reportedAt.clear();
    reportedAt.set(text, now);
    report.failed(what, cause);
  };
}
