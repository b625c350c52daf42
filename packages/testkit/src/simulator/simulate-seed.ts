import { randomChooser } from './chooser.js';
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
  const plan = { ...randomPlan(random), ...variant.needs };
  const chooser = randomChooser(random);
  return { seed, plan, ...(await runSchedule({ plan, chooser, variant, coverage })) };
}
