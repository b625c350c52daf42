/**
 * Gathers what is asked for at the same time into few calls.
 *
 * 1. With nothing else to do an entry waits only until the end of the event loop's turn.
 * 2. Otherwise it waits until the last call that was sent has ended, and travels with all that has come
 *    meanwhile: few full calls cost both sides much less than many small ones. It waits no longer than
 *    for a batch to be full, nor than `gatherMs`.
 * 3. While all calls are taken it waits in any case.
 * 4. An entry of a call that failed as a whole travels alone the next time: if it is to blame, the others
 *    are rid of it, and if it is not, that is known afterwards. Nobody is to blame for a call that was
 *    not even sent.
 */
import { assert, type Clock } from '@holdfast/domain';

export interface BatcherOptions {
  /** Entries of one call. */
  readonly batchMax: number;
  /** Calls at once. */
  readonly callsMax: number;
  /** For so long a batch that is not full waits for the call before it. */
  readonly gatherMs: number;
}

export interface BatcherDependencies {
  readonly clock: Pick<Clock, 'sleep'>;
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
  { batchMax, callsMax, gatherMs }: BatcherOptions,
  call: BatchedCall<Result>,
  { clock }: BatcherDependencies,
): Batcher<Result> {
  const pending = new Set<Request<Result>>();
  /** Of these, those that no call has taken yet. */
  const waiting = new Set<Request<Result>>();
  const suspects = new Set<string>();
  let calls = 0;
  /** The last call, as long as it is worth waiting for. */
  let latest: readonly Request<Result>[] | undefined;
  let isScheduled = false;

  function maySend(): boolean {
    if (calls >= callsMax || waiting.size === 0) return false;
    return latest === undefined || waiting.size >= batchMax;
  }

  function schedule(): void {
    if (isScheduled || !maySend()) return;
    isScheduled = true;
    setImmediate(() => {
      isScheduled = false;
      while (maySend()) void send(takeBatch());
    });
  }

  function waitFor(batch: readonly Request<Result>[]): void {
    latest = batch;
    void clock.sleep(gatherMs).then(() => goOnAfter(batch));
  }

  function goOnAfter(batch: readonly Request<Result>[]): void {
    if (latest === batch) latest = undefined;
    schedule();
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
    if (!entries.some((entry) => suspects.has(entry))) waitFor(batch);
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
      goOnAfter(batch);
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
