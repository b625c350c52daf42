/**
 * Gathers what is asked for at the same time into few calls.
 *
 * 1. An entry waits until the end of the event loop's turn, and longer only while all calls are taken.
 * 2. A free call takes all entries that wait, up to its size. No timer makes a batcher slow that has
 *    little to do.
 * 3. An entry of a call that failed as a whole travels alone the next time: if it is to blame, the others
 *    are rid of it, and if it is not, that is known afterwards. Nobody is to blame for a call that was
 *    not even sent.
 */
import { assert } from '@holdfast/domain';

export interface BatcherOptions {
  /** Entries of one call. */
  readonly batchMax: number;
  /** Calls at once. */
  readonly callsMax: number;
}

export interface Batcher<Result> {
  /**
   * What the call answers for the entry. Rejects with the error of the call, or with the reason of
   * `signal` as soon as that aborts. A call all of whose entries have been given up is given up too.
   */
  run(entry: string, signal: AbortSignal): Promise<Result>;
  /** Gives up all that run or wait, which then reject with `reason`. */
  giveUp(reason: Error): void;
}

/** A call has not been sent. */
export class NotSent extends Error {
  override readonly name = 'NotSent';
}

/** Answers one result for each entry, in their order; throws `NotSent` where it can tell. */
export type BatchedCall<Result> = (
  entries: readonly string[],
  signal: AbortSignal,
) => Promise<readonly Result[]>;

/** Entries remembered to travel alone. Beyond them the oldest are forgotten. */
const suspectsMax = 1_000;

/** One that was asked for and has no result yet. */
interface Request<Result> {
  readonly entry: string;
  readonly resolve: (result: Result) => void;
  readonly reject: (error: unknown) => void;
  /** The call it travels with has one less to care for. */
  leaveCall: () => void;
}

export function createBatcher<Result>(
  { batchMax, callsMax }: BatcherOptions,
  call: BatchedCall<Result>,
): Batcher<Result> {
  const pending = new Set<Request<Result>>();
  /** Of these, those that no call has taken yet. */
  const waiting = new Set<Request<Result>>();
  const suspects = new Set<string>();
  let calls = 0;
  let isScheduled = false;

  function schedule(): void {
    if (isScheduled || calls >= callsMax || waiting.size === 0) return;
    isScheduled = true;
    setImmediate(() => {
      isScheduled = false;
      while (calls < callsMax && waiting.size > 0) void send(takeBatch());
    });
  }

  function takeBatch(): readonly Request<Result>[] {
    const batch: Request<Result>[] = [];
    for (const request of waiting) {
      const isSuspect = suspects.has(request.entry);
      if (isSuspect && batch.length > 0) continue;
      batch.push(request);
      waiting.delete(request);
      if (isSuspect || batch.length === batchMax) break;
    }
    return batch;
  }

  async function send(batch: readonly Request<Result>[]): Promise<void> {
    const entries = batch.map(({ entry }) => entry);
    const signal = signalOf(batch);
    calls += 1;
    try {
      const results = await call(entries, signal);
      assert(results.length === entries.length, 'a call answers a result for each entry');
      for (const entry of entries) suspects.delete(entry);
      for (const [index, { resolve }] of batch.entries()) resolve(results[index] as Result);
    } catch (error) {
      if (!signal.aborted && !(error instanceof NotSent)) suspect(entries);
      for (const { reject } of batch) reject(error);
    } finally {
      calls -= 1;
      schedule();
    }
  }

  function suspect(entries: readonly string[]): void {
    for (const entry of entries) suspects.add(entry);
    for (const entry of suspects) {
      if (suspects.size <= suspectsMax) return;
      suspects.delete(entry);
    }
  }

  function giveUp(request: Request<Result>, reason: unknown): void {
    waiting.delete(request);
    request.leaveCall();
    request.reject(reason);
  }

  return {
    run: (entry, signal) =>
      new Promise((resolve, reject) => {
        if (signal.aborted) return reject(signal.reason);
        const aborted = (): void => giveUp(request, signal.reason);
        const ended = (): void => {
          pending.delete(request);
          signal.removeEventListener('abort', aborted);
        };
        const request: Request<Result> = {
          entry,
          resolve(result) {
            ended();
            resolve(result);
          },
          reject(error) {
            ended();
            reject(error);
          },
          leaveCall: () => undefined,
        };
        signal.addEventListener('abort', aborted);
        pending.add(request);
        waiting.add(request);
        schedule();
      }),
    giveUp(reason) {
      for (const request of pending) giveUp(request, reason);
    },
  };
}

/** Aborts once nobody waits for any of them any more. */
function signalOf<Result>(batch: readonly Request<Result>[]): AbortSignal {
  const controller = new AbortController();
  let wanted = batch.length;
  for (const request of batch) {
    request.leaveCall = () => {
      wanted -= 1;
      if (wanted === 0) controller.abort(new Error('nobody waits for it any more'));
    };
  }
  return controller.signal;
}
