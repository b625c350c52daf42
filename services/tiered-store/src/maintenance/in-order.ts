import { setImmediate as letOthersRun } from 'node:timers/promises';
import { createTurns } from './turns.js';

/** Entries dealt with at once: as many as let the tiers share their flushes. */
const concurrencyMax = 64;
/** Entries that may need no disk, and would otherwise be dealt with before anybody else gets to run. */
const entriesATurn = 16;

/**
 * Deals with each entry of a call and answers in their order, a few at a time of all calls together:
 * many calls ask no more of the tiers than one, and take turns, so that a short one does not wait for
 * the end of a long one. Once its signal has aborted a call begins nothing any more, and fails with
 * the signal's reason.
 */
export function createInOrder() {
  const turns = createTurns(concurrencyMax);
  let dealt = 0;
  let breath: Promise<void> | undefined;

  /** Once in a while, and then for all. */
  function takeBreath(): Promise<void> | undefined {
    dealt += 1;
    if (breath === undefined && dealt % entriesATurn === 0) {
      breath = letOthersRun().finally(() => (breath = undefined));
    }
    return breath;
  }

  return async function inOrder<Entry, Result>(
    entries: readonly Entry[],
    signal: AbortSignal,
    dealWith: (entry: Entry, index: number) => Promise<Result>,
  ): Promise<Result[]> {
    const results: Result[] = [];
    const waiting = entries.entries();
    const party = turns.join();

    async function work(): Promise<void> {
      for (const [index, entry] of waiting) {
        await party.take();
        try {
          await takeBreath();
          signal.throwIfAborted();
          results[index] = await dealWith(entry, index);
        } finally {
          party.give();
        }
      }
    }

    const giveUp = (): void => party.giveUp(signal.reason);
    signal.addEventListener('abort', giveUp);
    try {
      const workers = Math.min(concurrencyMax, entries.length);
      await Promise.all(Array.from({ length: workers }, work));
      return results;
    } finally {
      signal.removeEventListener('abort', giveUp);
    }
  };
}
