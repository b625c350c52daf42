import { sweepKinds, type Timestamp } from '@holdfast/domain';
import { awaitPoint, type AwaitPoint, type Coverage } from './coverage.js';
import { errorOf, isCrash, isWrite, type Fault, type PortMethod } from './faults.js';
import { mix, summaryOf } from './state-hash.js';

/** One simulated process: a caller's operation with an engine of its own, or a cleanup. */
export interface Process {
  readonly index: number;
  /** What it does, for coverage and traces: `put-large`, `settle`. */
  readonly activity: string;
  alive: boolean;
  timeKilled: Timestamp | undefined;
  /** A fault struck one of its calls, or it was killed. */
  troubled: boolean;
  /**
   * What it was started with, what it was told so far and what its clock showed then, as a hash: that
   * determines what it does next, and so also the arguments of whatever it has sent.
   */
  history: number;
  readonly sent: Map<PortMethod, number>;
}

/** A message that was sent to a store and has not been answered. */
export interface Call {
  readonly process: Process;
  readonly method: PortMethod;
  readonly point: AwaitPoint;
  /** The effect has happened, and only its reply is still under way. */
  readonly landed: boolean;
  /** Nobody waits for the reply: the sender is dead or has given up. It may still land, or be lost. */
  readonly abandoned: boolean;
  /** Tells it from every other call that could be under way at this point, as a hash. */
  readonly identity: number;
  /** What the reply will say once the call has landed, as a hash. */
  readonly answers: number;
}

interface PendingCall extends Call {
  landed: boolean;
  abandoned: boolean;
  answers: number;
  result: Promise<unknown> | undefined;
  readonly landedBefore: number;
  readonly effect: Effect;
  readonly resolve: (result: Promise<unknown>) => void;
  readonly reject: (error: unknown) => void;
}

/** What a store does when a message lands. It happens synchronously: one atomic step. */
export interface Effect {
  readonly apply: (abandoned: boolean) => Promise<unknown>;
  /** What `torn` leaves behind. */
  readonly tear?: () => void;
  /** What `stale` answers. */
  readonly stale?: () => Promise<unknown>;
  /** What `lost-job` does instead of the effect. */
  readonly pretend?: () => Promise<unknown>;
}

/** All messages under way. The scheduler decides what becomes of each, and when. */
export interface CallBoard {
  send<Result>(process: Process, method: PortMethod, effect: Effect): Promise<Result>;
  pending(): readonly Call[];
  /** The message lands and its sender goes on. */
  deliver(call: Call): void;
  /** The message lands; its reply stays under way. */
  land(call: Call): void;
  /** The abandoned message never arrives. */
  lose(call: Call): void;
  fail(call: Call, fault: Fault): void;
  /** The process is gone: nothing it waits for is answered, and what it sent may land or not. */
  kill(process: Process): void;
}

/** Later calls of one method in one activity share a point: they are repetitions. */
const occurrencesMax = 2;
/**
 * A page of a sweep does the same to one thing after the other: all its calls are repetitions. What
 * reclaims one blob settles a change in the end, as others do.
 */
const pagedActivities: ReadonlySet<string> = new Set([
  'reclaim',
  'recover',
  'offer',
  'sweep-orphans',
  'sweep-expired',
  ...sweepKinds,
]);
/** Called in a loop, from one place each. */
const loopedMethods: ReadonlySet<PortMethod> = new Set(['source.next', 'changeLog.defer']);

export interface CallBoardOptions {
  readonly coverage?: Coverage | undefined;
  readonly now: () => Timestamp;
  /** Whether anybody asks for histories: hashing all that is said takes its time. */
  readonly hashes: boolean;
}

export function createCallBoard({ coverage, now, hashes }: CallBoardOptions): CallBoard {
  let pending: PendingCall[] = [];
  const landings: Process[] = [];

  function remove(call: Call): void {
    pending = pending.filter((other) => other !== call);
  }

  function find(call: Call): PendingCall {
    const found = pending.find((other) => other === call);
    if (found === undefined) throw new Error(`${call.point.name} is not under way`);
    return found;
  }

  /** Whether a message of another process landed between this one's sending and its landing. */
  function overtaken(call: PendingCall): boolean {
    return landings.slice(call.landedBefore).some((process) => process !== call.process);
  }

  function apply(call: PendingCall, how = call.effect.apply): Promise<unknown> {
    if (coverage !== undefined && overtaken(call)) coverage.tried(call.point, 'overtaken');
    landings.push(call.process);
    call.landed = true;
    const result = how(call.abandoned);
    // The sender may never look at the result; that is not an unhandled error.
    result.catch(() => undefined);
    return result;
  }

  function told(process: Process, point: AwaitPoint, what: unknown): void {
    if (!hashes) return;
    const text = what instanceof Error ? String(what) : summaryOf(what);
    process.history = mix(process.history, point.name, text, String(now()));
  }

  function answer(call: PendingCall, result: Promise<unknown>): void {
    remove(call);
    const { process } = call;
    call.resolve(
      result.then(
        (value) => {
          told(process, call.point, value);
          return value;
        },
        (error: unknown) => {
          told(process, call.point, error);
          throw error;
        },
      ),
    );
  }

  function refuse(call: PendingCall, fault: Fault): void {
    told(call.process, call.point, fault);
    call.reject(errorOf(fault));
  }

  const board: CallBoard = {
    send(process, method, effect) {
      const calls = (process.sent.get(method) ?? 0) + 1;
      const isRepeated = pagedActivities.has(process.activity) || loopedMethods.has(method);
      const most = isRepeated ? 1 : occurrencesMax;
      const occurrence = Math.min(calls, most);
      process.sent.set(method, calls);
      const point = awaitPoint(process.activity, method, occurrence);
      coverage?.reached(point);
      return new Promise((resolve, reject) => {
        if (!process.alive) return;
        pending.push({
          process,
          method,
          point,
          effect,
          landed: false,
          abandoned: false,
          identity: hashes ? mix(process.history, String(calls)) : 0,
          answers: 0,
          result: undefined,
          landedBefore: landings.length,
          // The caller of `send` knows what its own effect answers.
          resolve: (result) => resolve(result as Promise<never>),
          reject,
        });
      });
    },

    pending: () => pending,

    deliver(target) {
      const call = find(target);
      const result = call.result ?? apply(call);
      if (call.abandoned) remove(call);
      else answer(call, result);
    },

    land(target) {
      const call = find(target);
      call.result = apply(call);
      if (!hashes) return;
      const note = (text: string): void => void (call.answers = mix(0, text));
      call.result.then(
        (value) => note(summaryOf(value)),
        (error: unknown) => note(String(error)),
      );
    },

    lose(target) {
      remove(target);
    },

    fail(target, fault) {
      const call = find(target);
      coverage?.tried(call.point, fault);
      call.process.troubled = true;
      if (fault === 'lost-reply' || fault === 'crash-after') void apply(call);
      if (fault === 'torn') call.effect.tear?.();
      if (isCrash(fault)) {
        if (fault !== 'crash-late') remove(call);
        return board.kill(call.process);
      }
      if (fault === 'stale' && call.effect.stale !== undefined) {
        return answer(call, apply(call, call.effect.stale));
      }
      if (fault === 'lost-job' && call.effect.pretend !== undefined) {
        return answer(call, apply(call, call.effect.pretend));
      }
      if (fault === 'late') call.abandoned = true;
      else remove(call);
      refuse(call, fault);
    },

    kill(process) {
      process.alive = false;
      process.timeKilled ??= now();
      process.troubled = true;
      pending = pending.filter((call) => call.process !== process || isWrite(call.method));
      for (const call of pending) if (call.process === process) call.abandoned = true;
      pending = pending.filter((call) => !(call.abandoned && call.landed));
    },
  };
  return board;
}
