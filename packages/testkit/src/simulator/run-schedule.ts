import type { Chooser } from './chooser.js';
import type { Coverage } from './coverage.js';
import { comeToRest } from './come-to-rest.js';
import { violationNow, violationOfHistory } from './invariants.js';
import type { SimulationPlan } from './plan.js';
import { createScheduler, type Scheduler } from './scheduler.js';
import type { Variant } from './variant.js';
import { createWorld, type World } from './world.js';

export interface ScheduleResult {
  readonly violation: string | undefined;
  readonly steps: number;
  /** What was chosen at each step, to replay it. */
  readonly choices: readonly number[];
  readonly trace: readonly string[];
}

export interface ScheduleOptions {
  readonly plan: SimulationPlan;
  readonly chooser: Chooser;
  readonly variant: Variant;
  readonly coverage?: Coverage | undefined;
  /** Asked before every choice and at the end; `true` ends the schedule because the rest of it is known. */
  readonly isKnown?: (world: World, scheduler: Scheduler, choices: number) => boolean;
}

/** A schedule that takes more steps than this does not come to an end (I7). */
const stepsMax = 2_000;

/**
 * Runs one schedule of the real engine: the chooser decides what happens next until nothing is left
 * to happen; then everything is let come to rest. Invariants are checked after every step.
 */
export async function runSchedule(options: ScheduleOptions): Promise<ScheduleResult> {
  const { plan, variant, coverage, chooser, isKnown } = options;
  const world = createWorld(plan, variant, { coverage, hashes: isKnown !== undefined });
  const scheduler = createScheduler(world);
  const choices: number[] = [];
  const trace: string[] = [];

  const run = async (choose: Chooser['choose'], note: number[] | undefined) => {
    for (;;) {
      await everybodyWaits();
      const violation = violationNow(world);
      if (violation !== undefined) return violation;
      // How everything comes to rest follows from the state too, so the last one counts like any other.
      if (note !== undefined && isKnown?.(world, scheduler, choices.length) === true)
        return 'known';
      const possible = scheduler.options();
      if (possible.length === 0) return undefined;
      if (trace.length >= stepsMax) return 'I7: the schedule does not end';
      const choice = choose(possible);
      note?.push(choice);
      trace.push(possible[choice]?.label() ?? '');
      world.endStep();
      possible[choice]?.run();
    }
  };

  const ordinary = (): number => 0;
  const result = (violation: string | undefined): ScheduleResult => {
    return { violation, steps: trace.length, choices, trace };
  };

  const violation = await run((possible) => chooser.choose(possible), choices);
  if (violation === 'known') return result(undefined);
  if (violation !== undefined) return result(violation);
  scheduler.calmDown();
  const later = await comeToRest(world, () => run(ordinary, undefined), trace);
  return result(later ?? violationOfHistory(world));
}

/** Resolves when every process waits for a message: all that could happen by itself has happened. */
function everybodyWaits(): Promise<void> {
  return new Promise((resolve) => {
    setImmediate(resolve);
  });
}
