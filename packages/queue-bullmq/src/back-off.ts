export interface BackOffOptions {
  /** The longest wait after the first failure; it doubles with each further one. */
  readonly backoffMs: number;
  readonly backoffMsMax: number;
}

/** How long to wait after so many failures. The jitter takes up to half of it away. */
export function backOffMs(
  { backoffMs, backoffMsMax }: BackOffOptions,
  failures: number,
  random: () => number,
): number {
  const fullMs = Math.min(backoffMs * 2 ** (failures - 1), backoffMsMax);
  return Math.ceil(fullMs * (1 - random() / 2));
}
