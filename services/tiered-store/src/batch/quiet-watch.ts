import type { Clock } from '@holdfast/domain';
import type { BatchLimits } from './batch-limits.js';

/** Finds out when a caller that was told to go elsewhere has stopped sending. */
export interface QuietWatch {
  start(): void;
  /** A message arrived. */
  disturb(): void;
  /** No message arrived for a whole round, or the last round is over. */
  isQuiet(): boolean;
  stop(): void;
}

/** The rounds are counted, so that who goes on sending does not hold the server up. */
export function createQuietWatch(
  { drainQuietMs, drainRoundsMax }: Pick<BatchLimits, 'drainQuietMs' | 'drainRoundsMax'>,
  onQuiet: () => void,
  { clock }: { readonly clock: Clock },
): QuietWatch {
  const stopping = new AbortController();
  let wasDisturbed = false;
  let isQuiet = false;

  async function watch(): Promise<void> {
    for (let round = 0; round < drainRoundsMax; round += 1) {
      wasDisturbed = false;
      await clock.sleep(drainQuietMs, stopping.signal);
      if (stopping.signal.aborted) return;
      if (!wasDisturbed) break;
    }
    isQuiet = true;
    onQuiet();
  }

  return {
    start: () => void watch(),
    disturb: () => {
      wasDisturbed = true;
    },
    isQuiet: () => isQuiet,
    stop: () => stopping.abort(),
  };
}
