import { limits } from '@holdfast/domain';
import type { Random } from './random.js';

export type KeyState =
  | 'absent'
  /** Absent, beside a blob that nothing names: what some crash of the past has left behind. */
  | 'orphan'
  | 'small'
  | 'large'
  | 'expired-small'
  | 'expired-large'
  /** With a time-to-idle of which so much has gone that a read extends it. */
  | 'idle-small'
  | 'idle-large';
export type Lifetime = 'manual' | 'ttl' | 'tti';

/** What a caller does. `condition` refers to what the caller last saw of the key. */
export type ClientOperation =
  | {
      readonly kind: 'put';
      readonly key: number;
      readonly size: 'small' | 'large';
      readonly condition?: 'if-absent' | 'if-seen' | undefined;
      readonly lifetime?: Lifetime | undefined;
    }
  | { readonly kind: 'delete'; readonly key: number; readonly condition?: 'if-seen' | undefined }
  | { readonly kind: 'get' | 'head'; readonly key: number }
  | { readonly kind: 'list' };

/** How often the world may do what no caller asked for. */
export interface Environment {
  /** A settle of any change on the log, at any time, as a duplicate or early job would be. */
  readonly settles: number;
  readonly recoveries: number;
  /** Recoveries that put on the queue what they find. */
  readonly offers: number;
  readonly orphanSweeps: number;
  readonly expirySweeps: number;
  /** Runs of the sweeper, or processes that take over a run from another, alive or not. */
  readonly sweeps: number;
  readonly clockJumps: number;
  readonly powerLosses: number;
  readonly queueFlushes: number;
  readonly ledgerFlushes: number;
  readonly damages: number;
  readonly unreadableRows: number;
  readonly unreadableChanges: number;
}

/** Everything a schedule is made from, but for the choices. */
export interface SimulationPlan {
  /** The state of each key before the first operation. */
  readonly keys: readonly [KeyState, ...KeyState[]];
  readonly operations: readonly ClientOperation[];
  /** How many operations run at once. */
  readonly concurrency: number;
  readonly faultsMax: number;
  readonly environment: Environment;
  /** Whether a call's effect and its reply are two steps. */
  readonly split: boolean;
  /** Callers' clocks differ from the store's by up to this. */
  readonly clockSkewMs: number;
  readonly readerGraceMs: number;
  /** How much a sweep looks at before it begins its next page. */
  readonly pageMax: number;
}

export const calm: Environment = {
  settles: 0,
  recoveries: 0,
  offers: 0,
  orphanSweeps: 0,
  expirySweeps: 0,
  sweeps: 0,
  clockJumps: 0,
  powerLosses: 0,
  queueFlushes: 0,
  ledgerFlushes: 0,
  damages: 0,
  unreadableRows: 0,
  unreadableChanges: 0,
};

export function planOf(parts: Partial<SimulationPlan>): SimulationPlan {
  return {
    keys: ['absent'],
    operations: [],
    concurrency: 8,
    faultsMax: 0,
    environment: calm,
    split: false,
    clockSkewMs: 0,
    // Without a grace a blob goes at the first opportunity, which is what a small plan is to try.
    readerGraceMs: 0,
    pageMax: 100,
    ...parts,
  };
}

const hourMs = 3_600_000;

/** A large configuration of everything at once. */
export function randomPlan(random: Random): SimulationPlan {
  const keyCount = 1 + random.below(3);
  const operationCount = 2 + random.below(7);
  const [first, ...others] = Array.from({ length: keyCount }, () => randomKeyState(random));
  return {
    keys: [first ?? 'absent', ...others],
    operations: Array.from({ length: operationCount }, () => randomOperation(random, keyCount)),
    concurrency: 1 + random.below(4),
    faultsMax: random.pick([0, 1, 2, 4, 8]),
    environment: {
      settles: random.below(3),
      recoveries: random.below(2),
      offers: random.below(2),
      orphanSweeps: random.below(3),
      expirySweeps: random.below(2),
      sweeps: random.below(4),
      clockJumps: random.below(4),
      powerLosses: random.chance(0.2) ? 1 : 0,
      queueFlushes: random.chance(0.2) ? 1 : 0,
      ledgerFlushes: random.chance(0.2) ? 1 : 0,
      damages: random.chance(0.05) ? 1 : 0,
      unreadableRows: random.chance(0.05) ? 1 : 0,
      unreadableChanges: random.chance(0.05) ? 1 : 0,
    },
    split: random.chance(0.5),
    clockSkewMs: random.pick([0, 0, 1_000, hourMs]),
    readerGraceMs: random.chance(0.4) ? 0 : limits.readerGraceMs,
    pageMax: random.pick([1, 2, 100, 100]),
  };
}

function randomKeyState(random: Random): KeyState {
  return random.pick([
    'absent',
    'orphan',
    'small',
    'large',
    'large',
    'expired-small',
    'expired-large',
    'idle-small',
    'idle-large',
  ]);
}

function randomOperation(random: Random, keyCount: number): ClientOperation {
  const key = random.below(keyCount);
  switch (random.pick(['put', 'put', 'put', 'delete', 'get', 'head', 'list'])) {
    case 'put': {
      const condition = random.pick([undefined, undefined, 'if-absent', 'if-seen']);
      const lifetime = random.pick(['manual', 'manual', 'manual', 'ttl', 'tti']);
      return {
        kind: 'put',
        key,
        size: random.pick(['small', 'large', 'large']),
        condition,
        lifetime,
      };
    }
    case 'delete':
      return { kind: 'delete', key, condition: random.pick([undefined, undefined, 'if-seen']) };
    case 'get':
      return { kind: 'get', key };
    case 'head':
      return { kind: 'head', key };
    case 'list':
      return { kind: 'list' };
  }
}
