import type { ShutdownStep, ShutdownTask } from './shutdown-steps.js';

/** What a service is told and may ask for while it runs. */
export interface ServiceScope {
  /**
   * Runs `task` when the process shuts down, also when its start fails later on. Those of one step run
   * in the order in which they were registered; one that fails is logged, and the next runs.
   */
  onShutdown(step: ShutdownStep, what: string, task: ShutdownTask): void;
  /** Aborts when the shutdown begins. */
  readonly signal: AbortSignal;
  /** Something broke that the process cannot live without: it shuts down in order and ends with code 1. */
  fail(cause: unknown): void;
}
