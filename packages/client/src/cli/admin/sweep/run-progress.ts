import type { sweeper } from '@holdfast/contracts';
import { formatBytes, formatDuration, printable } from '../../format-quantity.js';
import { createStatusLine } from '../../status-line.js';
import { shownMs } from '../durations.js';
import type { SweepContext } from './sweep-command.js';
import { keptEntries, plainCounts } from './sweep-counts.js';
import { parseKind, removedWords } from './sweep-words.js';

/** What is told of a run while it is under way: on a terminal one line that changes, elsewhere lines. */
export interface RunProgress {
  show(progress: sweeper.SweepProgress): Promise<void>;
  /** Once it is known. */
  readonly runId: () => string | undefined;
  /** Takes the progress off the terminal. */
  clear(): void;
}

/** Lines in a file are not to fill it. */
const lineMsMin = 5_000;

export function createRunProgress(
  { host, err, flags }: SweepContext,
  word: string,
  now: () => number = Date.now,
): RunProgress {
  const line = createStatusLine(host, now);
  const removed = removedWords(parseKind('kind', word), flags.isSet('dry-run'));
  let runId: string | undefined;
  let toldAt = -Infinity;
  return {
    async show(progress) {
      if (runId === undefined) {
        runId = progress.runId;
        await err.write(printable(`${word}: run ${runId} is under way`) + '\n');
      }
      const text = `${word}: ${progressText(progress, removed)}`;
      line.show((columns) => text.slice(0, Math.max(0, columns - 1)));
      if (host.isWatched || now() - toldAt < lineMsMin) return;
      toldAt = now();
      await err.write(`${text}\n`);
    },
    runId: () => runId,
    clear: () => line.clear(),
  };
}

/** `0:12, 10,240 scanned, 3 queued (1.2 MiB), 10,237 kept`. */
function progressText(
  { counts, elapsed }: sweeper.SweepProgress,
  removed: string | undefined,
): string {
  const plain = plainCounts(counts);
  return [
    formatDuration(shownMs(elapsed)),
    `${countText(plain.scanned)} scanned`,
    removed === undefined
      ? `${formatBytes(plain.readBytes)} read`
      : `${countText(plain.removed)} ${removed} (${formatBytes(plain.freedBytes)})`,
    `${countText(keptEntries(plain))} kept`,
  ].join(', ');
}

export function countText(count: number): string {
  return count.toLocaleString('en-US');
}
