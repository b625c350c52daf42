/** Whether a server serves, for those who ask and those who wait for it to change. */
export interface ServingState {
  isServing(): boolean;
  set(serving: boolean): void;
  /** Resolves at the next change, or when `signal` aborts. */
  changed(signal: AbortSignal): Promise<void>;
}

export function createServingState(): ServingState {
  let isServing = false;
  const waiting = new Set<() => void>();

  return {
    isServing: () => isServing,
    set(serving) {
      if (serving === isServing) return;
      isServing = serving;
      for (const wake of waiting) wake();
    },
    changed: (signal) =>
      new Promise((resolve) => {
        const wake = (): void => {
          waiting.delete(wake);
          signal.removeEventListener('abort', wake);
          resolve();
        };
        waiting.add(wake);
        signal.addEventListener('abort', wake);
        if (signal.aborted) wake();
      }),
  };
}
