import { replayChooser } from './chooser.js';
import { calm, type SimulationPlan } from './plan.js';
import { runSchedule, type ScheduleResult } from './run-schedule.js';
import type { Variant } from './variant.js';

export interface FailingSchedule extends ScheduleResult {
  readonly plan: SimulationPlan;
}

/** Shrinking runs at most this many schedules. */
const attemptsMax = 3_000;

/**
 * Looks for a smaller schedule that fails too: fewer operations, fewer liberties of the environment,
 * fewer steps that are not the most ordinary ones. Greedy: it takes whatever still fails, whether or
 * not it fails in the same way.
 */
export async function shrink(failing: FailingSchedule, variant: Variant): Promise<FailingSchedule> {
  let best = failing;
  let attempts = 0;

  async function takes(plan: SimulationPlan, choices: readonly number[]): Promise<boolean> {
    if (attempts === attemptsMax) return false;
    attempts += 1;
    const result = await runSchedule({ plan, variant, chooser: replayChooser(choices) });
    if (result.violation === undefined) return false;
    best = { plan, ...result };
    return true;
  }

  let smaller = true;
  while (smaller && attempts < attemptsMax) {
    smaller = false;
    for (const plan of smallerPlans(best.plan)) {
      if (await takes(plan, best.choices)) {
        smaller = true;
        break;
      }
    }
    for (const choices of shorterChoices(best.choices)) {
      if (await takes(best.plan, choices)) {
        smaller = true;
        break;
      }
    }
  }
  return best;
}

function* smallerPlans(plan: SimulationPlan): Generator<SimulationPlan> {
  for (const index of plan.operations.keys()) {
    yield { ...plan, operations: plan.operations.toSpliced(index, 1) };
  }
  for (const [budget, left] of Object.entries(plan.environment)) {
    if (left > 0) yield { ...plan, environment: { ...plan.environment, [budget]: left - 1 } };
  }
  if (plan.environment !== calm && Object.values(plan.environment).some((left) => left > 0)) {
    yield { ...plan, environment: calm };
  }
  if (plan.faultsMax > 0) yield { ...plan, faultsMax: plan.faultsMax - 1 };
  if (plan.split) yield { ...plan, split: false };
  if (plan.clockSkewMs > 0) yield { ...plan, clockSkewMs: 0 };
}

/** First cuts off ever less of the end, then drops single choices, then makes single ones ordinary. */
function* shorterChoices(choices: readonly number[]): Generator<readonly number[]> {
  const lastUnusual = choices.findLastIndex((choice) => choice > 0);
  if (lastUnusual + 1 < choices.length) yield choices.slice(0, lastUnusual + 1);
  for (let kept = 0; kept < lastUnusual; kept += Math.ceil((lastUnusual - kept) / 2)) {
    yield choices.slice(0, kept);
  }
  for (const index of choices.keys()) yield choices.toSpliced(index, 1);
  for (const [index, choice] of choices.entries()) {
    if (choice > 0) yield choices.with(index, 0);
  }
}
