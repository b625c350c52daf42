import type { Host } from './host.js';

/** The last line of what somebody watches on standard error: it is written over as things go on. */
export interface StatusLine {
  /** Shows what `text` makes of the width, unless the line has just been drawn. */
  show(text: (columns: number) => string): void;
  /** Takes the line away, so that something else can be written. It comes back when shown again. */
  clear(): void;
}

const redrawMsMin = 100;
/** To the beginning of the line, and all of it gone. */
const eraseLine = '\r\u{1B}[K';

export function createStatusLine(
  host: Pick<Host, 'stderr' | 'isWatched' | 'columns'>,
  now: () => number = Date.now,
): StatusLine {
  if (!host.isWatched) return { show: () => undefined, clear: () => undefined };
  let drawnAt = -Infinity;
  let isShown = false;
  return {
    show(text) {
      const at = now();
      if (at - drawnAt < redrawMsMin) return;
      drawnAt = at;
      isShown = true;
      host.stderr.write(eraseLine + text(host.columns()));
    },
    clear() {
      if (!isShown) return;
      isShown = false;
      drawnAt = -Infinity;
      host.stderr.write(eraseLine);
    },
  };
}
