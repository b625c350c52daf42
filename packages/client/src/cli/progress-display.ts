import type { Host } from './host.js';
import { progressLine } from './progress-line.js';

/** Shows a transfer to who watches standard error, on one line that is written over. */
export interface ProgressDisplay {
  update(label: string, bytes: number, total: number | undefined): void;
  /** Takes the line away, so that something else can be written. It comes back with an update. */
  clear(): void;
}

const redrawMsMin = 100;
/** To the beginning of the line, and all of it gone. */
const eraseLine = '\r\u{1B}[K';

export function createProgressDisplay(
  host: Pick<Host, 'stderr' | 'isWatched' | 'columns'>,
  now: () => number = Date.now,
): ProgressDisplay {
  if (!host.isWatched) return { update: () => undefined, clear: () => undefined };
  const startedAt = now();
  let drawnAt = -Infinity;
  let isShown = false;
  return {
    update(label, bytes, total) {
      const at = now();
      if (at - drawnAt < redrawMsMin) return;
      drawnAt = at;
      isShown = true;
      const state = { label, bytes, total, elapsedMs: at - startedAt };
      host.stderr.write(eraseLine + progressLine(state, host.columns()));
    },
    clear() {
      if (!isShown) return;
      isShown = false;
      drawnAt = -Infinity;
      host.stderr.write(eraseLine);
    },
  };
}
