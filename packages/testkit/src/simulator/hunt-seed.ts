import { createHunter } from './chooser.js';
import type { Coverage } from './coverage.js';
import { randomPlan, type ClientOperation, type SimulationPlan } from './plan.js';
import { createRandom, type Random } from './random.js';
import { runSchedule } from './run-schedule.js';
import type { SeedResult } from './simulate-seed.js';
import type { Variant } from './variant.js';

/** Of one seed, each of which tries a fault that no schedule tried before. */
const revisitsMax = 100;

/**
 * Like `simulateSeed`, but it goes after faults that the coverage has not seen yet. A call may be one
 * that few schedules ever make, and only one fault can strike it at a time: as long as some are left
 * that could have struck, the same schedule is run again up to there.
 */
export async function huntSeed(
  seed: number,
  variant: Variant,
  coverage: Coverage,
): Promise<SeedResult> {
  const random = createRandom(seed);
  const plan = eventful(randomPlan(random), random);
  let way: readonly number[] = [];
  for (let revisits = 0; ; revisits += 1) {
    const chooser = createHunter(random, coverage, way);
    const result = await runSchedule({ plan, chooser, variant, coverage });
    const isDone = result.violation !== undefined || !chooser.hasLeftOver();
    if (isDone || revisits === revisitsMax) return { seed, plan, ...result };
    way = result.choices;
  }
}

/** Nothing but orphans: something to find for every sweep. */
const orphaned: Partial<SimulationPlan> = {
  keys: ['orphan', 'orphan', 'orphan'],
  readerGraceMs: 0,
};

const contention: readonly [ClientOperation, ...ClientOperation[]] = [
  { kind: 'put', key: 0, size: 'small' },
  { kind: 'put', key: 0, size: 'large' },
  { kind: 'put', key: 0, size: 'large', condition: 'if-seen' },
  { kind: 'delete', key: 0 },
  { kind: 'delete', key: 0, condition: 'if-seen' },
];

/** Writers of one object, who replace what others are about to replace, and clean up after each other. */
function contended(random: Random): Partial<SimulationPlan> {
  return {
    keys: ['large'],
    operations: Array.from({ length: 8 }, () => random.pick(contention)),
    concurrency: 4,
    readerGraceMs: 0,
  };
}

/**
 * More of what makes the rare calls happen: several due changes on the log, several expired rows,
 * something to find for every sweep, writers in each other's way.
 */
function eventful(plan: SimulationPlan, random: Random): SimulationPlan {
  const { environment } = plan;
  const theme = random.pick(['any', 'any', 'orphaned', 'contended', 'contended']);
  return {
    ...plan,
    ...(theme === 'orphaned' ? orphaned : {}),
    ...(theme === 'contended' ? contended(random) : {}),
    faultsMax: 8,
    environment: {
      ...environment,
      recoveries: 3,
      expirySweeps: 2,
      sweeps: 4,
      clockJumps: 4,
      queueFlushes: 3,
      settles: 0,
      unreadableChanges: random.chance(0.2) ? 1 : 0,
    },
  };
}
