import type { Host } from './host.js';
import { progressLine } from './progress-line.js';
import { createStatusLine } from './status-line.js';

/** Shows a transfer to who watches standard error, on one line that is written over. */
export interface ProgressDisplay {
  update(label: string, bytes: number, total: number | undefined): void;
  /** Takes the line away, so that something else can be written. It comes back with an update. */
  clear(): void;
}

export function createProgressDisplay(
  host: Pick<Host, 'stderr' | 'isWatched' | 'columns'>,
  now: () => number = Date.now,
): ProgressDisplay {
  const startedAt = now();
  const line = createStatusLine(host, now);
  return {
    update(label, bytes, total) {
      line.show((columns) => {
        return progressLine({ label, bytes, total, elapsedMs: now() - startedAt }, columns);
      });
    },
    clear: () => line.clear(),
  };
}
