import type { Call } from './call-board.js';
import type { AwaitPoint, Coverage } from './coverage.js';
import type { Fault } from './faults.js';
import type { Random } from './random.js';

/** A fault, and the call that it strikes. */
export interface Strike {
  readonly point: AwaitPoint;
  readonly fault: Fault;
}

/** One thing that may happen next. The first of several is always the most ordinary one. */
export interface Option {
  /** For the trace. Of all options only those that are taken are asked. */
  readonly label: () => string;
  /** How likely a random chooser takes it, relative to the others. */
  readonly weight: number;
  readonly run: () => void;
  /** Set when the option is a fault. */
  readonly hazard?: Strike | undefined;
  /** The message that lands by it. */
  readonly lands?: Call | undefined;
}

/** How often a hunter takes what it hunts. */
const huntedShare = 0.8;

/** Decides what happens next: the one source of non-determinism of a schedule. */
export interface Chooser {
  choose(options: readonly Option[]): number;
}

/** Takes `choices` one after the other, and then always the most ordinary option. */
export function replayChooser(choices: readonly number[]): Chooser {
  let at = 0;
  return {
    choose(options) {
      const choice = choices[at] ?? 0;
      at += 1;
      return choice < options.length ? choice : 0;
    },
  };
}

export function randomChooser(random: Random): Chooser {
  return {
    choose(options) {
      let total = 0;
      for (const option of options) total += option.weight;
      let left = random.below(total);
      for (const [index, option] of options.entries()) {
        left -= option.weight;
        if (left < 0) return index;
      }
      return 0;
    },
  };
}

/** A chooser that goes after what the coverage has not seen yet. */
export interface Hunter extends Chooser {
  /** Faults that could have struck, and which nobody has tried since: a reason to come here again. */
  hasLeftOver(): boolean;
}

/**
 * Most of the time takes a fault that was never tried where it would strike, or lets a message be
 * overtaken that never was at its point; else a random option.
 *
 * `way` are choices of an earlier schedule, which are taken again up to where there is something to try.
 */
export function createHunter(
  random: Random,
  coverage: Coverage,
  way: readonly number[] = [],
): Hunter {
  const ordinary = randomChooser(random);
  const offered: Strike[] = [];
  let at = 0;
  let isOnWay = way.length > 0;

  const isUntried = ({ point, fault }: Strike): boolean => !coverage.isTried(point, fault);

  function hunt(options: readonly Option[]): number | undefined {
    const untried = options.findIndex(({ hazard }) => hazard !== undefined && isUntried(hazard));
    if (untried < 0) return isOnWay ? undefined : overtaking(options, coverage);
    for (const { hazard } of options) {
      if (hazard !== undefined && isUntried(hazard)) offered.push(hazard);
    }
    return untried;
  }

  return {
    choose(options) {
      const wanted = hunt(options);
      const again = way[at];
      at += 1;
      if (isOnWay && wanted === undefined && again !== undefined) return again;
      // The way has led here for the sake of what is wanted.
      const isCertain = isOnWay;
      isOnWay = false;
      const isTaken = wanted !== undefined && (isCertain || random.chance(huntedShare));
      return isTaken ? wanted : ordinary.choose(options);
    },
    hasLeftOver: () => offered.some(isUntried),
  };
}

/** Something that lands before a message which has never been overtaken at its point. */
function overtaking(options: readonly Option[], coverage: Coverage): number | undefined {
  const slow = options.find(
    ({ lands }) => lands !== undefined && !coverage.isTried(lands.point, 'overtaken'),
  )?.lands;
  if (slow === undefined) return undefined;
  const found = options.findIndex(
    ({ lands }) => lands !== undefined && lands.process !== slow.process,
  );
  return found < 0 ? undefined : found;
}
