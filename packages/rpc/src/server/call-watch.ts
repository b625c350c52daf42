import type { Clock } from '@holdfast/domain';
import { constants } from 'node:http2';
import { reasonError } from '../status/rpc-error.js';
import { deadlinePassed } from './call-status.js';
import type { CallTable } from './call-table.js';
import type { ServerCall } from './server-call.js';
import type { ServerLimits } from './server-limits.js';

/** How often the calls are looked at within the time that makes a stall. */
const looksPerStall = 8;
const lookMsMin = 10;
const lookMsMax = 1_000;

/** A call that waited for its caller when it was last looked at. */
interface Waiting {
  readonly mark: string;
  /** How often in a row it was found where it had been. */
  readonly unmoved: number;
}

/**
 * One timer that looks at all calls of a server and ends those that take too long: past their
 * deadline, stalled, or over and not closed because the caller takes no more.
 *
 * Time is counted in looks, not read from a clock: when this process was stopped for a while, its
 * callers still get the time they have. A call is ended a little late, never early.
 */
export function watchCalls(calls: CallTable, clock: Clock, limits: ServerLimits): { stop(): void } {
  const lookMs = Math.min(Math.max(limits.stallMsMax / looksPerStall, lookMsMin), lookMsMax);
  let waiting = new Map<ServerCall, Waiting>();

  const look = (): void => {
    const still = new Map<ServerCall, Waiting>();
    const now = clock.now();
    for (const call of calls.open()) {
      if (!call.isOver && now >= call.deadline) call.interrupt(deadlinePassed());
      const state = stateOf(call, waiting.get(call));
      if (state === 'closed') calls.closed(call);
      else if (state === 'busy') continue;
      else if (state.unmoved * lookMs < patienceMs(call, limits)) still.set(call, state);
      else giveUp(call);
    }
    waiting = still;
  };

  const timer = setInterval(look, lookMs);
  timer.unref();
  return {
    stop() {
      clearInterval(timer);
    },
  };
}

function stateOf(call: ServerCall, before: Waiting | undefined): Waiting | 'closed' | 'busy' {
  if (call.isOver && (call.stream.closed || call.stream.destroyed)) return 'closed';
  if (!call.isOver && !call.waitsForCaller) return 'busy';
  const mark = markOf(call);
  return { mark, unmoved: before?.mark === mark ? before.unmoved + 1 : 0 };
}

/**
 * Differs when a byte has moved. The window shows bytes that arrive before they are a message; what
 * arrives for a call that is over is thrown away, and does not count.
 */
function markOf({ isOver, moves, stream }: ServerCall): string {
  return isOver ? `over ${moves}` : `${moves} ${stream.state.localWindowSize}`;
}

function patienceMs({ isOver, error }: ServerCall, limits: ServerLimits): number {
  return isOver && error !== undefined ? limits.lingerMsMax : limits.stallMsMax;
}

function giveUp(call: ServerCall): void {
  if (call.isOver) call.stream.close(constants.NGHTTP2_CANCEL);
  else call.interrupt(reasonError('STREAM_STALLED', 'no byte has moved for too long'));
}
