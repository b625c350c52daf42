/**
 * Who gets bytes:
 *
 * 1. Who asks while nobody waits and there is room gets them at once.
 * 2. Otherwise it waits, and the first in line goes on as soon as there is room for it. Nobody
 *    overtakes, so that a large request is not starved by small ones.
 * 3. When every lease that holds bytes waits, none of them would ever give any back. Then the one that
 *    was opened first goes on all the same, above the budget. It stays the first until it is closed, so
 *    the budget is exceeded by what one lease asks for, not by one piece of each.
 * 4. When nobody holds bytes, the first in line goes on although it asks for more than there is.
 */
import { assert } from '@holdfast/domain';
import type { ByteBudget, Lease } from './byte-budget.js';
import { createWaitingLine, type Place } from './waiting-line.js';
import { waitFor, type Wait } from './wait.js';

interface Holding {
  readonly opened: number;
  bytes: number;
  isClosed: boolean;
  asking: Place<Request> | undefined;
}

interface Request {
  readonly holding: Holding;
  readonly bytes: number;
  readonly wait: Wait<void>;
}

export function createByteBudget(options: { readonly bytesMax: number }): ByteBudget {
  const { bytesMax } = options;
  assert(bytesMax > 0, 'a budget has bytes to give');
  let arrivals = 0;
  let used = 0;
  /** Leases that hold bytes, and those among them that wait for more. */
  let holders = 0;
  let waitingHolders = 0;
  const line = createWaitingLine<Request>(() => (arrivals += 1));

  function hold(holding: Holding, bytes: number): void {
    const held = holding.bytes + bytes;
    assert(held >= 0, 'a lease gives back at most what it holds');
    holders += Number(held > 0) - Number(holding.bytes > 0);
    holding.bytes = held;
    used += bytes;
  }

  function leave(place: Place<Request>): void {
    const { holding } = place.value;
    if (!line.leave(place)) return;
    holding.asking = undefined;
    if (holding.bytes > 0) waitingHolders -= 1;
  }

  function serve(): void {
    for (let next = nextInLine(); next !== undefined; next = nextInLine()) {
      leave(next);
      hold(next.value.holding, next.value.bytes);
      next.value.wait.resolve();
    }
  }

  function nextInLine(): Place<Request> | undefined {
    const first = line.first();
    if (first === undefined) return undefined;
    if (used + first.value.bytes <= bytesMax || holders === 0) return first;
    return waitingHolders === holders ? firstOpened() : undefined;
  }

  function firstOpened(): Place<Request> | undefined {
    let found: Place<Request> | undefined;
    for (const place of line) {
      const { holding } = place.value;
      if (holding.bytes === 0) continue;
      if (found === undefined || holding.opened < found.value.holding.opened) found = place;
    }
    return found;
  }

  function grow(holding: Holding, bytes: number, signal?: AbortSignal): Promise<void> | undefined {
    assert(
      !holding.isClosed && holding.asking === undefined,
      'a lease asks for one thing at a time',
    );
    assert(bytes >= 0, 'a lease grows by its bytes');
    if (signal?.aborted === true) return Promise.reject(signal.reason as Error);
    if (bytes === 0 || (line.length() === 0 && used + bytes <= bytesMax)) {
      hold(holding, bytes);
      return undefined;
    }
    return queue(holding, bytes, signal);
  }

  function queue(
    holding: Holding,
    bytes: number,
    signal: AbortSignal | undefined,
  ): Promise<void> | undefined {
    const waiting = waitFor<void>({
      signal,
      begin(wait) {
        const place = line.join({ holding, bytes, wait });
        holding.asking = place;
        if (holding.bytes > 0) waitingHolders += 1;
        return () => {
          leave(place);
          serve();
        };
      },
    });
    serve();
    return waiting;
  }

  function shrink(holding: Holding, bytes: number): void {
    assert(bytes >= 0, 'a lease shrinks by its bytes');
    const waits = holding.asking !== undefined;
    const held = holding.bytes > 0;
    hold(holding, -bytes);
    if (waits && held && holding.bytes === 0) waitingHolders -= 1;
    serve();
  }

  function close(holding: Holding): void {
    if (holding.isClosed) return;
    holding.isClosed = true;
    holding.asking?.value.wait.reject(new Error('the lease was closed'));
    shrink(holding, holding.bytes);
  }

  function open(): Lease {
    const holding: Holding = {
      opened: (arrivals += 1),
      bytes: 0,
      isClosed: false,
      asking: undefined,
    };
    return {
      grow: (bytes, signal) => grow(holding, bytes, signal),
      shrink: (bytes) => shrink(holding, bytes),
      close: () => close(holding),
    };
  }

  return { open, used: () => used, waiting: () => line.length(), bytesMax };
}
