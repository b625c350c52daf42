import { huntingChooser, randomChooser } from './chooser.js';
import type { Coverage } from './coverage.js';
import { randomPlan, type SimulationPlan } from './plan.js';
import { createRandom } from './random.js';
import { runSchedule, type ScheduleResult } from './run-schedule.js';
import type { Variant } from './variant.js';

export interface SeedResult extends ScheduleResult {
  readonly seed: number;
  readonly plan: SimulationPlan;
}

/** Runs the schedule that belongs to a seed: the same plan and the same choices every time. */
export async function simulateSeed(
  seed: number,
  variant: Variant,
  coverage?: Coverage,
): Promise<SeedResult> {
  const random = createRandom(seed);
  const plan = randomPlan(random);
  const chooser = randomChooser(random);
  return { seed, plan, ...(await runSchedule({ plan, chooser, variant, coverage })) };
}

/** Like `simulateSeed`, but it goes after faults that the coverage has not seen yet. */
export async function huntSeed(
  seed: number,
  variant: Variant,
  coverage: Coverage,
): Promise<SeedResult> {
  const random = createRandom(seed);
  const plan = eventful(randomPlan(random));
  const chooser = huntingChooser(random, coverage);
  return { seed, plan, ...(await runSchedule({ plan, chooser, variant, coverage })) };
}

/** More of what makes the rare calls happen: several due changes on the log, several expired rows. */
function eventful(plan: SimulationPlan): SimulationPlan {
  const { environment } = plan;
  return {
    ...plan,
    faultsMax: 8,
    environment: {
      ...environment,
      recoveries: 3,
      expirySweeps: 2,
      clockJumps: 4,
      queueFlushes: 3,
      settles: 0,
    },
  };
}
