import { setImmediate as nextTurn, setTimeout as sleep } from 'node:timers/promises';
import { unavailable } from './ask-redis.js';

export interface GatherOptions {
  /** Entries on their way. One more is refused. */
  readonly inFlightMax: number;
  /** Entries sent together. */
  readonly bulkMax: number;
  /** Bulks that are sent while others have not been answered. */
  readonly bulksMax: number;
}

/** Sends together what is given within one turn of the event loop, or while earlier bulks are on their way. */
export interface Gatherer<Entry> {
  add(entry: Entry): Promise<void>;
  readonly inFlight: () => number;
  /**
   * Refuses what comes from now on, and resolves when all that came before has been answered. After
   * `waitMsMax` it refuses what has not been sent by then, and does not wait for the rest.
   */
  close(waitMsMax: number): Promise<void>;
}

interface PendingEntry<Entry> {
  readonly entry: Entry;
  readonly resolve: () => void;
  readonly reject: (error: unknown) => void;
}

export function createGatherer<Entry>(
  send: (entries: readonly Entry[]) => Promise<void>,
  { inFlightMax, bulkMax, bulksMax }: GatherOptions,
): Gatherer<Entry> {
  const waiting: PendingEntry<Entry>[] = [];
  const senders = new Set<Promise<void>>();
  let sending = 0;
  let inFlight = 0;
  let isClosed = false;

  /** While answers are awaited more entries come together. */
  async function sendWaiting(): Promise<void> {
    sending += 1;
    await nextTurn();
    while (waiting.length > 0) await sendBulk(waiting.splice(0, bulkMax));
    // At once, so that no entry relies on this one that it has not seen.
    sending -= 1;
  }

  async function sendBulk(bulk: readonly PendingEntry<Entry>[]): Promise<void> {
    try {
      await send(bulk.map(({ entry }) => entry));
      for (const { resolve } of bulk) resolve();
      inFlight -= bulk.length;
    } catch (error) {
      refuse(bulk, error);
    }
  }

  function refuse(entries: readonly PendingEntry<Entry>[], why: unknown): void {
    for (const { reject } of entries) reject(why);
    inFlight -= entries.length;
  }

  async function allSent(): Promise<void> {
    while (senders.size > 0) await Promise.all(senders);
  }

  function startSender(): void {
    const sender = sendWaiting().finally(() => senders.delete(sender));
    senders.add(sender);
  }

  return {
    async add(entry) {
      if (isClosed) throw unavailable('it is closed');
      if (inFlight >= inFlightMax) throw unavailable(`${inFlight} jobs are on their way already`);
      inFlight += 1;
      return new Promise((resolve, reject) => {
        waiting.push({ entry, resolve, reject });
        const wanted = Math.ceil(waiting.length / bulkMax);
        if (sending < Math.min(wanted, bulksMax)) startSender();
      });
    },

    inFlight: () => inFlight,

    async close(waitMsMax) {
      isClosed = true;
      const done = new AbortController();
      const late = sleep(waitMsMax, undefined, { signal: done.signal }).catch(() => undefined);
      await Promise.race([allSent(), late]);
      done.abort();
      refuse(waiting.splice(0), unavailable('it is closed'));
    },
  };
}
