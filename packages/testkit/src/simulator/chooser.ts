import type { AwaitPoint, Coverage } from './coverage.js';
import type { Fault } from './faults.js';
import type { Random } from './random.js';

/** One thing that may happen next. The first of several is always the most ordinary one. */
export interface Option {
  readonly label: string;
  /** How likely a random chooser takes it, relative to the others. */
  readonly weight: number;
  readonly run: () => void;
  /** Set when the option is a fault: which one, and where it strikes. */
  readonly hazard?: { readonly point: AwaitPoint; readonly fault: Fault } | undefined;
}

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

/** Most of the time takes a fault that was never tried where it would strike; else a random option. */
export function huntingChooser(random: Random, coverage: Coverage): Chooser {
  const ordinary = randomChooser(random);
  return {
    choose(options) {
      const untried = options.findIndex(
        ({ hazard }) => hazard !== undefined && !coverage.isTried(hazard.point, hazard.fault),
      );
      return untried >= 0 && random.chance(0.8) ? untried : ordinary.choose(options);
    },
  };
}
