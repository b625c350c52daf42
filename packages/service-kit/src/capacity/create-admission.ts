/**
 * Who gets a permit:
 *
 * 1. Who asks while a permit is free that it may have gets it at once: then nobody waits who could
 *    have had it, because of 3.
 * 2. Otherwise it joins the line of its kind, unless the queue is full: refused. Bulk operations fill
 *    at most their share of the queue, so that single ones always find a place next to them.
 * 3. A freed permit goes to whoever came first of those that may have one: bulk operations at their
 *    share are passed over, and are not forgotten.
 * 4. Who waited for too long is refused; whose signal aborts leaves at once.
 */
import { assert, type Clock } from '@holdfast/domain';
import {
  AtCapacityError,
  type Admission,
  type AdmissionLimits,
  type AdmissionOptions,
  type OperationKind,
  type Permit,
} from './admission.js';
import { createWaitingLine, type WaitingLine } from './waiting-line.js';
import { waitFor, type Wait } from './wait.js';

interface Lane {
  readonly inFlightMax: number;
  readonly queueMax: number;
  readonly line: WaitingLine<Wait<Permit>>;
  inFlight: number;
}

export function createAdmission(
  options: AdmissionOptions,
  dependencies: { readonly clock: Clock },
): Admission {
  const limits = limitsOf(options);
  let arrivals = 0;
  const nextArrival = (): number => (arrivals += 1);
  const single = createLane(limits.inFlightMax, limits.queueMax, nextArrival);
  const bulk = createLane(limits.bulkInFlightMax, limits.bulkQueueMax, nextArrival);
  const lanes = { single, bulk };

  function hasRoom(lane: Lane): boolean {
    return single.inFlight + bulk.inFlight < limits.inFlightMax && lane.inFlight < lane.inFlightMax;
  }

  function grant(lane: Lane): Permit {
    lane.inFlight += 1;
    return new LanePermit(lane, serveNext);
  }

  /** One permit was freed, so at most one can be granted. */
  function serveNext(): void {
    if (single.line.length() + bulk.line.length() === 0) return;
    const lane = firstInLine();
    const place = lane?.line.first();
    if (lane === undefined || place === undefined) return;
    lane.line.leave(place);
    place.value.resolve(grant(lane));
  }

  function firstInLine(): Lane | undefined {
    const waiting = [single, bulk].filter((lane) => hasRoom(lane) && lane.line.length() > 0);
    const [one, other] = waiting;
    if (one === undefined || other === undefined) return one;
    return arrivalOf(one) < arrivalOf(other) ? one : other;
  }

  function tryAcquire(kind: OperationKind): Permit | undefined {
    const lane = lanes[kind];
    return hasRoom(lane) ? grant(lane) : undefined;
  }

  function isQueueFull(lane: Lane): boolean {
    const queued = single.line.length() + bulk.line.length();
    return queued >= limits.queueMax || lane.line.length() >= lane.queueMax;
  }

  function queue(lane: Lane, signal: AbortSignal | undefined): Promise<Permit> {
    const refusal = (): AtCapacityError => new AtCapacityError(limits.waitMsMax);
    if (isQueueFull(lane)) return Promise.reject(refusal());
    return waitFor<Permit>({
      signal,
      timeout: { ms: limits.waitMsMax, clock: dependencies.clock, error: refusal },
      begin(wait) {
        const place = lane.line.join(wait);
        return () => lane.line.leave(place);
      },
    });
  }

  return {
    tryAcquire,
    acquire(kind, signal) {
      if (signal?.aborted === true) return Promise.reject(signal.reason as Error);
      return tryAcquire(kind) ?? queue(lanes[kind], signal);
    },
    inFlight: (kind) =>
      kind === undefined ? single.inFlight + bulk.inFlight : lanes[kind].inFlight,
    queued: (kind) =>
      kind === undefined ? single.line.length() + bulk.line.length() : lanes[kind].line.length(),
    limits,
  };
}

/** A class, because one is made for every operation. */
class LanePermit implements Permit {
  private lane: Lane | undefined;
  private readonly released: () => void;

  constructor(lane: Lane, released: () => void) {
    this.lane = lane;
    this.released = released;
  }

  release(): void {
    if (this.lane === undefined) return;
    this.lane.inFlight -= 1;
    this.lane = undefined;
    this.released();
  }
}

function createLane(inFlightMax: number, queueMax: number, nextArrival: () => number): Lane {
  return { inFlightMax, queueMax, line: createWaitingLine(nextArrival), inFlight: 0 };
}

function arrivalOf(lane: Lane): number {
  return lane.line.first()?.arrival ?? Infinity;
}

function limitsOf(options: AdmissionOptions): AdmissionLimits {
  const { inFlightMax, queueMax, waitMsMax, bulkShare } = options;
  assert(Number.isInteger(inFlightMax) && inFlightMax > 0, 'somebody must be let in');
  assert(Number.isInteger(queueMax) && queueMax >= 0, 'a queue has a whole number of places');
  assert(waitMsMax > 0, 'who waits must be given time');
  assert(bulkShare > 0 && bulkShare <= 1, 'the share of bulk operations is a part of the whole');
  return {
    inFlightMax,
    queueMax,
    waitMsMax,
    bulkShare,
    bulkInFlightMax: Math.max(1, Math.floor(inFlightMax * bulkShare)),
    bulkQueueMax: Math.ceil(queueMax * bulkShare),
  };
}
