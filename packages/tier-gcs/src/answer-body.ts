import type { Clock } from '@holdfast/domain';
import type { IncomingMessage } from 'node:http';
import { PassingFailure } from './errors.js';
import { lostConnection } from './connections.js';

/** The bytes of an answer, as they are asked for: what is not, stays with the server. */
export interface AnswerBody {
  /** The next bytes, which belong to whoever asked; `undefined` at the end. One at a time. */
  next(): Promise<Uint8Array | undefined>;
  /** Gives the connection up, or back if the answer is complete. A `next` that waits fails. */
  destroy(): void;
}

/** A `next` fails when it has waited for `stallMs`, or at the latest twice as long, for nothing. */
export function openBody(answer: IncomingMessage, stallMs: number, clock: Clock): AnswerBody {
  const destroyed = new AbortController();
  let failure: PassingFailure | undefined;
  let wake: (() => void) | undefined;
  let waits = 0;

  const onMove = (): void => wake?.();
  const onLoss = (error?: Error): void => {
    failure ??= lostConnection(error ?? 'the answer was cut off');
    wake?.();
  };
  answer.on('readable', onMove).on('end', onMove).on('error', onLoss).on('close', onLoss);
  if (answer.destroyed) onLoss(answer.errored ?? undefined);

  async function watchStalls(): Promise<void> {
    for (;;) {
      const seen = waits;
      await clock.sleep(stallMs, destroyed.signal);
      if (destroyed.signal.aborted) return;
      if (wake === undefined || waits !== seen) continue;
      failure ??= new PassingFailure(`nothing came for ${stallMs} ms`);
      wake();
    }
  }

  /** Waits until there is something to read, or there will be nothing more. */
  function moved(): Promise<void> {
    waits += 1;
    // One timer for all waits: there are many, and hardly any is long.
    if (waits === 1) void watchStalls();
    return new Promise((resolve) => {
      wake = () => {
        wake = undefined;
        resolve();
      };
    });
  }

  return {
    async next() {
      for (;;) {
        const bytes: unknown = answer.read();
        if (bytes instanceof Uint8Array) return bytes;
        if (answer.readableEnded) return undefined;
        if (failure !== undefined) throw failure;
        await moved();
      }
    },

    destroy() {
      destroyed.abort();
      // What is left of it is let go of; it would not flow while somebody listens for `readable`.
      if (answer.complete) answer.off('readable', onMove).resume();
      else answer.destroy();
    },
  };
}
