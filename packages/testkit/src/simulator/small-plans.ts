import { limits } from '@holdfast/domain';
import { calm, planOf, type ClientOperation, type SimulationPlan } from './plan.js';

/** A plan that is small enough to explore every schedule of it. */
export interface SmallPlan {
  readonly name: string;
  readonly plan: SimulationPlan;
}

const putLarge: ClientOperation = { kind: 'put', key: 0, size: 'large' };
const putSmall: ClientOperation = { kind: 'put', key: 0, size: 'small' };
const putIfAbsent: ClientOperation = { ...putSmall, condition: 'if-absent' };
const putLargeIfSeen: ClientOperation = { ...putLarge, condition: 'if-seen' };
const putSmallIfSeen: ClientOperation = { ...putSmall, condition: 'if-seen' };
const removeIfSeen: ClientOperation = { kind: 'delete', key: 0, condition: 'if-seen' };
const remove: ClientOperation = { kind: 'delete', key: 0 };
const head: ClientOperation = { kind: 'head', key: 0 };
const get: ClientOperation = { kind: 'get', key: 0 };

const putIdle: ClientOperation = { ...putLarge, lifetime: 'tti' };

const oneSettle = { ...calm, settles: 1 };
const oneOrphanSweep = { ...calm, orphanSweeps: 1 };
const oneExpirySweep = { ...calm, expirySweeps: 1 };

const largeOverLarge: Partial<SimulationPlan> = {
  keys: ['large'],
  operations: [putLarge],
  readerGraceMs: limits.readerGraceMs,
};

/** Seconds of work, the least first: what every run of the tests explores to its end. */
export const quickPlans: readonly SmallPlan[] = [
  { name: 'large', plan: planOf({ operations: [putLarge], faultsMax: 1 }) },
  { name: 'large × large', plan: planOf({ operations: [putLarge, putLarge] }) },
  {
    name: 'get × large over large, whose blob goes at once',
    plan: planOf({ keys: ['large'], operations: [get, putLarge] }),
  },
  { name: 'small × small', plan: planOf({ operations: [putSmall, putSmall], faultsMax: 1 }) },
  {
    name: 'small if seen × head of an object that expires meanwhile',
    plan: planOf({
      keys: ['idle-small'],
      operations: [putSmallIfSeen, head],
      environment: { ...calm, clockJumps: 1 },
    }),
  },
  {
    name: 'small if seen × delete if seen over an object that expires meanwhile',
    plan: planOf({
      keys: ['idle-small'],
      operations: [putSmallIfSeen, removeIfSeen],
      environment: { ...calm, clockJumps: 1 },
    }),
  },
  {
    name: 'large, settled meanwhile',
    plan: planOf({ operations: [putLarge], faultsMax: 1, environment: oneSettle }),
  },
  {
    name: 'get of what is idle × large, and time goes by',
    plan: planOf({
      keys: ['idle-large'],
      operations: [get, putIdle],
      environment: { ...calm, clockJumps: 1 },
    }),
  },
  {
    name: 'large × small if absent',
    plan: planOf({ operations: [putLarge, putIfAbsent], faultsMax: 1 }),
  },
  {
    name: 'large × small',
    plan: planOf({ operations: [putLarge, putSmall], faultsMax: 1 }),
  },
  {
    name: 'small over expired large × expiry sweep',
    plan: planOf({
      keys: ['expired-large'],
      operations: [putSmall],
      environment: oneExpirySweep,
    }),
  },
  {
    name: 'get of expired large × expiry sweep',
    plan: planOf({ keys: ['expired-large'], operations: [get], environment: oneExpirySweep }),
  },
  {
    name: 'large over large, and the grace of its readers goes by',
    plan: planOf({ ...largeOverLarge, environment: { ...calm, clockJumps: 1 } }),
  },
  {
    name: 'large over large, settled before the grace of its readers is over',
    plan: planOf({ ...largeOverLarge, environment: oneSettle }),
  },
];

/** The quick plans that reach the same await points by themselves, at once: half a minute of work. */
export const widerPlans: readonly SmallPlan[] = [
  {
    name: 'small over expired large × get × expiry sweep',
    plan: planOf({
      keys: ['expired-large'],
      operations: [putSmall, get],
      environment: oneExpirySweep,
    }),
  },
  {
    name: 'large over large, settled while readers have their grace',
    plan: planOf({ ...largeOverLarge, environment: { ...oneSettle, clockJumps: 1 } }),
  },
];

/** Minutes to hours of work. */
export const longPlans: readonly SmallPlan[] = [
  {
    name: 'large × large, swept meanwhile',
    plan: planOf({ operations: [putLarge, putLarge], environment: oneOrphanSweep }),
  },
  {
    name: 'large over large, settled meanwhile',
    plan: planOf({
      keys: ['large'],
      operations: [putLarge],
      faultsMax: 1,
      environment: oneSettle,
    }),
  },
  {
    name: 'large × large, settled meanwhile',
    plan: planOf({ operations: [putLarge, putLarge], environment: oneSettle }),
  },
  {
    name: 'large × large, one fault',
    plan: planOf({ operations: [putLarge, putLarge], faultsMax: 1 }),
  },
  {
    name: 'large × delete over large, one fault',
    plan: planOf({ keys: ['large'], operations: [putLarge, remove], faultsMax: 1 }),
  },
  {
    name: 'large × large if seen over large, one fault',
    plan: planOf({ keys: ['large'], operations: [putLarge, putLargeIfSeen], faultsMax: 1 }),
  },
  {
    name: 'large, two faults, settled meanwhile',
    plan: planOf({ operations: [putLarge], faultsMax: 2, environment: oneSettle }),
  },
  {
    name: 'large × get over large, settled meanwhile',
    plan: planOf({
      keys: ['large'],
      operations: [putLarge, get],
      faultsMax: 1,
      environment: oneSettle,
    }),
  },
  {
    name: 'large × large, one fault, settled and swept meanwhile',
    plan: planOf({
      operations: [putLarge, putLarge],
      faultsMax: 1,
      environment: { ...oneSettle, orphanSweeps: 1 },
    }),
  },
];
