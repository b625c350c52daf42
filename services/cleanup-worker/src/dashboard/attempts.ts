import { networkOf } from './network-of.js';

/** Failed attempts that an address has at once, and gets back each second. */
const burst = 10;
const perSecond = 0.5;
const addressesMax = 1_000;

export interface Attempts {
  /** Whether what this address says is still looked at. */
  isAllowed(address: string): boolean;
  failed(address: string): void;
}

interface Spent {
  readonly failures: number;
  readonly time: number;
}

/**
 * Bounds how fast passwords can be guessed. An address that failed too often is refused whatever it
 * says, or it could go on guessing; other addresses do not notice. The addresses remembered are
 * bounded too: the one that failed the longest ago goes first.
 */
export function createAttempts(now: () => number): Attempts {
  const spent = new Map<string, Spent>();

  const failuresOf = (network: string): number => {
    const last = spent.get(network);
    if (last === undefined) return 0;
    return Math.max(0, last.failures - Math.max(0, (now() - last.time) / 1_000) * perSecond);
  };

  return {
    isAllowed: (address) => failuresOf(networkOf(address)) <= burst - 1,

    failed(address) {
      const network = networkOf(address);
      const failures = failuresOf(network) + 1;
      spent.delete(network);
      const [longestAgo] = spent.keys();
      if (spent.size >= addressesMax && longestAgo !== undefined) spent.delete(longestAgo);
      spent.set(network, { failures, time: now() });
    },
  };
}
