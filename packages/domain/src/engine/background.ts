/** Work that goes on after its caller was answered: bounded, and waited for when the engine closes. */
export interface Background {
  /**
   * Starts the task. `failed` hears why it did not succeed: its error, or that too many are running
   * already. It must not throw.
   */
  run(task: () => Promise<void>, failed: (cause: unknown) => void): void;
  /** Counts `operation` as running, for `idle`, without limiting it. */
  track<Result>(operation: Promise<Result>): Promise<Result>;
  running(): number;
  /** Resolves once nothing is running. */
  idle(): Promise<void>;
}

export function createBackground(tasksMax: number): Background {
  let tasks = 0;
  let operations = 0;
  let wakeIdle: (() => void)[] = [];

  function wakeWhenIdle(): void {
    if (tasks + operations > 0) return;
    for (const wake of wakeIdle) wake();
    wakeIdle = [];
  }

  function taskEnded(): void {
    tasks -= 1;
    wakeWhenIdle();
  }

  function operationEnded(): void {
    operations -= 1;
    wakeWhenIdle();
  }

  return {
    run(task, failed) {
      if (tasks >= tasksMax) return failed(new Error('too many background tasks are running'));
      tasks += 1;
      void Promise.resolve().then(task).catch(failed).finally(taskEnded);
    },
    track(operation) {
      operations += 1;
      operation.then(operationEnded, operationEnded);
      return operation;
    },
    running: () => tasks + operations,
    idle: () =>
      new Promise((resolve) => {
        wakeIdle.push(resolve);
        wakeWhenIdle();
      }),
  };
}
