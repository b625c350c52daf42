import { NotSentError } from './bigtable-errors.js';
import type { Channel } from './channel.js';

/** Several connections as one: a connection carries only about 100 calls at a time. */
export interface Connections {
  /** The one to send the next call on. */
  pick(): Channel;
  close(): void;
}

export function createConnections(channels: readonly Channel[]): Connections {
  let isClosed = false;

  return {
    pick() {
      const [first, ...others] = channels;
      if (isClosed || first === undefined) throw new NotSentError('the store is closed');
      return others.reduce(better, first);
    },
    close() {
      isClosed = true;
      for (const channel of channels) channel.close();
    },
  };
}

/**
 * The one with fewer calls, which makes a connection when there is work for it; no failing one first. Of
 * as many calls, not the one that left the last unanswered: else few calls would all go to it, and all
 * attempts of each.
 */
function better(left: Channel, right: Channel): Channel {
  if (left.isFailing() !== right.isFailing()) return left.isFailing() ? right : left;
  const [leftCalls, rightCalls] = [left.callsInFlight(), right.callsInFlight()];
  if (leftCalls !== rightCalls) return rightCalls < leftCalls ? right : left;
  return left.isSilent() && !right.isSilent() ? right : left;
}
