import type { Call, CallBoard } from './call-board.js';
import type { Option } from './chooser.js';
import { faultsByMethod, type Fault } from './faults.js';

/* What may become of a message that is under way. */

const weights = {
  deliver: 16,
  land: 4,
  fault: 1,
  lateLanding: 4,
  lateLoss: 2,
} as const;

export interface CallOptionsParts {
  readonly board: CallBoard;
  /** Whether a call's effect and its reply are two steps. */
  readonly split: boolean;
}

export function callOptions({ board, split }: CallOptionsParts, call: Call): Option[] {
  const deliver = (): void => board.deliver(call);
  if (call.abandoned) {
    const lose = (): void => board.lose(call);
    return [
      landing(call, () => `late: ${nameOf(call)} lands`, weights.lateLanding, deliver),
      option(() => `late: ${nameOf(call)} is lost`, weights.lateLoss, lose),
    ];
  }
  if (call.landed) return [option(() => `reply: ${nameOf(call)}`, weights.deliver, deliver)];
  const delivery = landing(call, () => nameOf(call), weights.deliver, deliver);
  if (!split || isLocal(call)) return [delivery];
  const land = (): void => board.land(call);
  return [delivery, landing(call, () => `lands: ${nameOf(call)}`, weights.land, land)];
}

export function faultOptions(call: Call, strike: (fault: Fault) => void): Option[] {
  if (call.abandoned || call.landed) return [];
  const faults: readonly Fault[] = faultsByMethod[call.method];
  return faults.map((fault) => ({
    label: () => `${fault}: ${nameOf(call)}`,
    weight: weights.fault,
    hazard: { point: call.point, fault },
    run: () => strike(fault),
  }));
}

export function option(label: Option['label'], weight: number, run: () => void): Option {
  return { label, weight, run };
}

/** A caller's next chunk, which concerns nobody else. */
export function isLocal(call: Call): boolean {
  return call.method === 'source.next' && !call.abandoned;
}

function landing(lands: Call, label: Option['label'], weight: number, run: () => void): Option {
  return { label, weight, run, lands };
}

function nameOf({ process, point }: Call): string {
  return `${process.index} ${point.name}`;
}
