import type { Clock } from '@holdfast/domain';
import type { CleanupWorker } from './cleanup-worker.js';

export interface FullReportDependencies {
  readonly clock: Clock;
  readonly failed: (cause: unknown) => void;
}

/** How often dead letters are counted at most. */
const countMsMin = 1_000;

/** Says so while jobs die that push other dead letters out: those are gone for good. */
export function reportFullDeadLetters(
  worker: CleanupWorker,
  deadLettersMax: number,
  { clock, failed }: FullReportDependencies,
): void {
  let isCounting = false;

  async function count(): Promise<void> {
    await clock.sleep(countMsMin);
    isCounting = false;
    if ((await worker.countDeadLetters()) < deadLettersMax) return;
    const text = `it keeps ${deadLettersMax} dead letters and no more: with each further one the oldest is dropped`;
    failed(new Error(text));
  }

  worker.on('failed', () => {
    if (isCounting) return;
    isCounting = true;
    // What cannot be counted now is counted after the next failure.
    count().catch(() => undefined);
  });
}
