import type { Option } from './chooser.js';
import type { Coverage } from './coverage.js';
import type { SimulationPlan } from './plan.js';
import { runSchedule } from './run-schedule.js';
import type { Scheduler } from './scheduler.js';
import { mix, summaryOf } from './state-hash.js';
import type { Variant } from './variant.js';
import type { World } from './world.js';

export interface Exploration {
  readonly schedules: number;
  readonly states: number;
  readonly steps: number;
  /** Whether every schedule of the plan was explored. */
  readonly complete: boolean;
  readonly violation: { readonly what: string; readonly choices: readonly number[] } | undefined;
}

export interface ExploreOptions {
  readonly plan: SimulationPlan;
  readonly variant: Variant;
  readonly coverage?: Coverage | undefined;
  readonly schedulesMax: number;
  /** Which violations end it: any, unless a broken variant shows in several ways. */
  readonly expected?: RegExp | undefined;
}

/**
 * Explores every schedule of a small plan, depth first. The engine's state cannot be copied, so each
 * schedule is run from its beginning; a schedule ends where it reaches a state that was explored
 * before. What a process will do is determined by what it was started with and what it was told, and by
 * its clock then, so a state is the content of the stores, the messages under way and every process's
 * history; and besides what the checks remember of the past.
 */
export async function explore(options: ExploreOptions): Promise<Exploration> {
  const { plan, variant, coverage, schedulesMax, expected = /./ } = options;
  const known = new Set<number>();
  let schedules = 0;
  let steps = 0;
  // The choices of the schedule to run next, and how many options there were at each of them.
  let prefix: number[] = [];

  for (;;) {
    const counts: number[] = [];
    let depth = 0;
    const choose = (possible: readonly Option[]): number => {
      counts.push(possible.length);
      const choice = prefix[depth] ?? 0;
      depth += 1;
      return choice;
    };
    const isKnown = (world: World, scheduler: Scheduler, choices: number): boolean => {
      // The last choice of the prefix is new; before it, everything was seen on the way here.
      if (choices < prefix.length) return false;
      const state = stateOf(world, scheduler);
      if (known.has(state)) return true;
      known.add(state);
      return false;
    };
    const result = await runSchedule({ plan, variant, coverage, chooser: { choose }, isKnown });
    schedules += 1;
    steps += result.steps;
    const summary = { schedules, states: known.size, steps };
    if (result.violation !== undefined && expected.test(result.violation)) {
      const violation = { what: result.violation, choices: result.choices };
      return { ...summary, complete: false, violation };
    }
    const next = nextPrefix(result.choices, counts);
    if (next === undefined) return { ...summary, complete: true, violation: undefined };
    if (schedules === schedulesMax) return { ...summary, complete: false, violation: undefined };
    prefix = next;
  }
}

/** The next schedule in order: the last choice that has an alternative left takes it. */
function nextPrefix(choices: readonly number[], counts: readonly number[]): number[] | undefined {
  for (let at = choices.length - 1; at >= 0; at -= 1) {
    const choice = (choices[at] ?? 0) + 1;
    if (choice < (counts[at] ?? 0)) return [...choices.slice(0, at), choice];
  }
  return undefined;
}

function stateOf(world: World, scheduler: Scheduler): number {
  const { highVolume, longTerm, changeLog, queue, ledger, clock } = world.stores;
  return mix(
    0,
    summaryOf(highVolume.snapshot()),
    summaryOf(longTerm.snapshot()),
    summaryOf(changeLog.snapshot()),
    summaryOf(queue.jobs()),
    ledger.stateText(),
    String(clock.now()),
    scheduler.stateText(),
    summaryOf(world.processes().map(({ activity, alive, history }) => [activity, alive, history])),
    summaryOf(
      world.board
        .pending()
        .map(({ process, identity, point, landed, abandoned, answers }) => [
          process.index,
          identity,
          point,
          landed,
          abandoned,
          answers,
        ]),
    ),
    world.orderText(),
    world.seenText(),
    world.audit.stateText(),
    mayBeStale(world) ? world.stores.staleNames() : '',
    world.plan.environment.powerLosses > 0 ? (longTerm.removedLast() ?? '') : '',
  );
}

/** Where no listing can be stale, what a stale one would say makes no difference. */
function mayBeStale({ plan }: World): boolean {
  const { orphanSweeps, sweeps } = plan.environment;
  return plan.faultsMax > 0 && orphanSweeps + sweeps > 0;
}
