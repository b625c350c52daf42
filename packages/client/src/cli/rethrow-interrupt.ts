import { OutputClosed } from './output.js';

/** What ends the command is no failure of the one object at hand. */
export function rethrowInterrupt(error: unknown, signal: AbortSignal): void {
  if (signal.aborted || error instanceof OutputClosed) throw error;
}
