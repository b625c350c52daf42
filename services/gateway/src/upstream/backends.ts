import type { Backend } from './backend.js';

/** The stores that calls can go to. */
export interface Backends {
  readonly all: readonly Backend[];
  readonly ready: () => number;
  readonly outstanding: () => number;
  /**
   * One that is ready: of two at random the one with less to do, which spreads load nearly as evenly
   * as asking all of them would. Another one than `avoid`, if there is another.
   */
  pick(avoid?: Backend): Backend | undefined;
  close(drainMsMax: number): Promise<void>;
}

export function createBackends(
  all: readonly Backend[],
  { random }: { readonly random: () => number },
): Backends {
  function pick(avoid?: Backend): Backend | undefined {
    const ready = all.filter((backend) => backend.isReady());
    const others = ready.filter((backend) => backend !== avoid);
    return lessBusyOfTwo(others.length > 0 ? others : ready, random);
  }

  return {
    all,
    ready: () => all.filter((backend) => backend.isReady()).length,
    outstanding: () => all.reduce((sum, backend) => sum + backend.outstanding(), 0),
    pick,
    async close(drainMsMax) {
      await Promise.all(all.map((backend) => backend.close(drainMsMax)));
    },
  };
}

function lessBusyOfTwo(backends: readonly Backend[], random: () => number): Backend | undefined {
  if (backends.length < 2) return backends[0];
  const first = Math.floor(random() * backends.length);
  const step = 1 + Math.floor(random() * (backends.length - 1));
  const one = backends[first];
  const other = backends[(first + step) % backends.length];
  if (one === undefined || other === undefined) return one;
  return other.outstanding() < one.outstanding() ? other : one;
}
