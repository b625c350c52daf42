import type { CleanupDuty } from './cleanup-process.js';
import { isQuiet, violationAtRest, violationWhenQuiet } from './invariants.js';
import type { World } from './world.js';

/** Rounds of cleanup in which everything must have come to rest (I7). */
const roundsMax = 6;
/** Past a change's deadline and past the readers' grace. */
const jumpMs = 8_000_000;

type Sweep = Exclude<CleanupDuty['kind'], 'work' | 'settle'>;
type SettleDown = () => Promise<string | undefined>;

/**
 * Lets everything come to rest once faults have healed, and reads every key before and after.
 *
 * 1. Only what the change log knows is cleaned up: by jobs, by recovery, and by the expiry of rows.
 *    That must do, or the log has forgotten something.
 * 2. The sweep of orphans takes what landed too late for the log to know. Nothing may be left then.
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
  trace.push('-- faults heal; every key is read');
  let violation = await readAll();
  violation ??= await sweep(world, ['recover', 'sweep-expired'], settleDown, () => isQuiet(world));
  trace.push('-- quiet');
  violation ??= violationWhenQuiet(world);
  const isDone = (): boolean => violationAtRest(world) === undefined;
  violation ??= await sweep(world, ['sweep-orphans', 'recover'], settleDown, isDone);
  trace.push('-- at rest; every key is read again');
  violation ??= await readAll();
  return violation ?? violationAtRest(world);
}

async function sweep(
  world: World,
  kinds: readonly Sweep[],
  settleDown: SettleDown,
  isDone: () => boolean,
): Promise<string | undefined> {
  for (let round = 0; round < roundsMax; round += 1) {
    for (const kind of kinds) {
      world.stores.clock.advance(jumpMs);
      world.startCleanup({ kind });
      const violation = await settleDown();
      if (violation !== undefined) return violation;
    }
    if (isDone()) break;
  }
  return undefined;
}
