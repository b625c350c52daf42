/**
 * The steps of a shutdown, in their order: say that nobody should come any more, let those end who are
 * there, put away what they left, end what is still there.
 */
export const shutdownSteps = ['not-ready', 'drain', 'settle', 'force'] as const;
export type ShutdownStep = (typeof shutdownSteps)[number];

/** What a task of a shutdown knows of its time. */
export interface ShutdownTime {
  /** Until its step has to be over. */
  msLeft(): number;
  /** Aborts when the time of its step is over. */
  readonly signal: AbortSignal;
}

export type ShutdownTask = (time: ShutdownTime) => unknown;
