import { DomainError } from '@holdfast/domain';
import { nameOf, type AwaitPoint, type Coverage } from './coverage.js';
import { isCrash, type Fault, type PortMethod } from './faults.js';
import { mix, summaryOf } from './state-hash.js';

/** One simulated process: a caller's operation with an engine of its own, or a cleanup. */
export interface Process {
  readonly index: number;
  /** What it does, for coverage and traces: `put-large`, `settle`. */
  readonly activity: string;
  alive: boolean;
  /** What it was told so far, as a hash: together with its input it determines what it does next. */
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
}

interface PendingCall extends Call {
  landed: boolean;
  abandoned: boolean;
  result: Promise<unknown> | undefined;
  readonly landedBefore: number;
  readonly effect: Effect;
  readonly resolve: (result: Promise<unknown>) => void;
  readonly reject: (error: unknown) => void;
}

/** What a store does when a message lands. It happens synchronously: one atomic step. */
export interface Effect {
  readonly apply: () => Promise<unknown>;
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
/** A page of a sweep does the same to one thing after the other: all its calls are repetitions. */
const pagedActivities: ReadonlySet<string> = new Set(['recover', 'sweep-orphans', 'sweep-expired']);

export function createCallBoard(coverage: Coverage | undefined): CallBoard {
  let pending: PendingCall[] = [];
  const landings: Process[] = [];

  function remove(call: Call): void {
    pending = pending.filter((other) => other !== call);
  }

  function find(call: Call): PendingCall {
    const found = pending.find((other) => other === call);
    if (found === undefined) throw new Error(`${nameOf(call.point)} is not under way`);
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
    const result = how();
    // The sender may never look at the result; that is not an unhandled error.
    result.catch(() => undefined);
    return result;
  }

  function answer(call: PendingCall, result: Promise<unknown>): void {
    remove(call);
    const { process } = call;
    call.resolve(
      result.then(
        (value) => {
          process.history = mix(process.history, nameOf(call.point), summaryOf(value));
          return value;
        },
        (error: unknown) => {
          process.history = mix(process.history, nameOf(call.point), String(error));
          throw error;
        },
      ),
    );
  }

  function refuse(call: PendingCall, fault: Fault): void {
    call.process.history = mix(call.process.history, nameOf(call.point), fault);
    call.reject(errorOf(fault));
  }

  const board: CallBoard = {
    send(process, method, effect) {
      const calls = (process.sent.get(method) ?? 0) + 1;
      const most = pagedActivities.has(process.activity) ? 1 : occurrencesMax;
      const occurrence = Math.min(calls, most);
      process.sent.set(method, calls);
      const point = { activity: process.activity, method, occurrence };
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
    },

    lose(target) {
      remove(target);
    },

    fail(target, fault) {
      const call = find(target);
      coverage?.tried(call.point, fault);
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
      pending = pending.filter((call) => call.process !== process || isWrite(call));
      for (const call of pending) if (call.process === process) call.abandoned = true;
      pending = pending.filter((call) => !(call.abandoned && call.landed));
    },
  };
  return board;
}

const readMethods: ReadonlySet<PortMethod> = new Set<PortMethod>([
  'source.next',
  'highVolume.read',
  'highVolume.readHead',
  'highVolume.list',
  'highVolume.listExpired',
  'longTerm.read',
  'longTerm.head',
  'longTerm.list',
  'changeLog.get',
  'changeLog.list',
]);

function isWrite(call: Call): boolean {
  return !readMethods.has(call.method);
}

function errorOf(fault: Fault): Error {
  switch (fault) {
    case 'unavailable':
    case 'torn':
      return new DomainError({ code: 'TIER_UNAVAILABLE', tier: 'a store', why: 'simulated' });
    case 'full':
      return new DomainError({ code: 'STORAGE_FULL', tier: 'a store' });
    case 'lost-request':
    case 'lost-reply':
    case 'late':
      return new DomainError({ code: 'OUTCOME_UNKNOWN' });
    case 'caller-gone':
      return new DomainError({ code: 'CANCELLED' });
    case 'stale':
    case 'lost-job':
    case 'crash-before':
    case 'crash-after':
    case 'crash-late':
      return new Error(`${fault} answers no error`);
  }
}
