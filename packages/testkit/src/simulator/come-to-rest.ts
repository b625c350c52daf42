import type { SweepKind } from '@holdfast/domain';
import { isQuiet, violationAtRest, violationWhenQuiet } from './invariants.js';
import type { World } from './world.js';

/** Rounds of cleanup in which everything must have come to rest (I7). */
const roundsMax = 6;
/** Past a change's deadline and past the readers' grace. */
const jumpMs = 8_000_000;

/** No plan has so much to sweep that it takes more runs. */
const runsMax = 100;

type SettleDown = () => Promise<string | undefined>;

/**
 * Lets everything come to rest once faults have healed, and reads every key before and after.
 *
 * 1. Only what the change log knows is cleaned up: by jobs, by the sweeps that recover changes, and by
 *    those that expire objects. That must do, or the log has forgotten something.
 * 2. The sweep of orphans takes what landed too late for the log to know. Nothing may be left then.
 * 3. What was damaged is found, which changes nothing.
 */
export async function comeToRest(
  world: World,
  settleDown: SettleDown,
  trace: string[],
): Promise<string | undefined> {
  const readAll = (): Promise<string | undefined> => {
    for (const key of world.plan.keys.keys()) world.startClient({ kind: 'get', key });
    return settleDown();
  };
  trace.push('-- faults heal, dead letters are retried, every key is read');
  world.stores.queue.retryDeadLetters();
  let violation = await readAll();
  const known = ['recover-changes', 'expire-objects'] as const;
  violation ??= await sweep(world, known, settleDown, () => isQuiet(world));
  trace.push('-- quiet');
  violation ??= violationWhenQuiet(world);
  const isDone = (): boolean => violationAtRest(world) === undefined;
  violation ??= await sweepToEnd(world, 'reclaim-orphans', settleDown);
  const all = ['recover-changes', 'reclaim-orphans'] as const;
  violation ??= await sweep(world, all, settleDown, isDone);
  trace.push('-- at rest; every key is read again');
  if (world.damaged) violation ??= await sweepToEnd(world, 'verify-objects', settleDown);
  violation ??= await readAll();
  return violation ?? violationAtRest(world);
}

async function sweep(
  world: World,
  kinds: readonly SweepKind[],
  settleDown: SettleDown,
  isDone: () => boolean,
): Promise<string | undefined> {
  for (let round = 0; round < roundsMax && !isDone(); round += 1) {
    for (const kind of kinds) {
      const violation = await sweepToEnd(world, kind, settleDown);
      if (violation !== undefined) return violation;
    }
  }
  return undefined;
}

/** Time goes by until everything is due. A run that was cut short is followed by another at once. */
async function sweepToEnd(
  world: World,
  kind: SweepKind,
  settleDown: SettleDown,
): Promise<string | undefined> {
  world.stores.clock.advance(jumpMs);
  for (let run = 0; run < runsMax; run += 1) {
    world.sweeps.start(kind);
    const violation = await settleDown();
    if (violation !== undefined || !world.sweeps.isCutShort(kind)) return violation;
  }
  return `I7: ${kind} does not come to its end`;
}
