import type { CallContext } from '@holdfast/rpc';
import type { ByteBudget, Lease } from '@holdfast/service-kit';

/**
 * Takes room for bytes of a call; `undefined` when there is room at once. The signal of a call is made
 * when it is first asked for: most calls never wait, and are spared it.
 */
export function holdBytes(
  bytes: number,
  lease: Lease,
  budget: ByteBudget,
  context: CallContext,
): Promise<void> | undefined {
  return hasRoom(bytes, budget) ? lease.grow(bytes) : lease.grow(bytes, context.signal);
}

/** Whether so many bytes would be granted at once. */
export function hasRoom(bytes: number, budget: ByteBudget): boolean {
  return budget.waiting() === 0 && budget.used() + bytes <= budget.bytesMax;
}
