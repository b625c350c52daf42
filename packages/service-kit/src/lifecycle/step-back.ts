import { constants, getPriority, setPriority } from 'node:os';
import type { Logger } from '../logging/logger.js';

/** For a service that nobody waits for: others of the same session or container go first. */
export function stepBack(logger: Logger): void {
  const { PRIORITY_BELOW_NORMAL: below } = constants.priority;
  try {
    if (getPriority() < below) setPriority(below);
  } catch (cause) {
    logger.warn({ cause }, 'it runs at the priority of those that it should step back for');
  }
}
