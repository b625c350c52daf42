import { hasCode } from '@holdfast/domain';
import { reasonError } from '@holdfast/rpc';

/**
 * Asks the queues something. To them, being unreachable is what it is to any tier; to an operator it is
 * not the storage that is down.
 */
export async function reachQueue<T>(ask: () => Promise<T>): Promise<T> {
  try {
    return await ask();
  } catch (cause) {
    if (!hasCode(cause, 'TIER_UNAVAILABLE')) throw cause;
    throw reasonError('QUEUE_UNAVAILABLE', 'the cleanup queues cannot be reached', { cause });
  }
}
