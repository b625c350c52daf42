/** Work that goes on after its caller was answered: bounded, and waited for when the engine closes. */
export interface Background {
  /** Starts the task, unless too many are running already: then it answers `false`. */
  run(task: () => Promise<void>): boolean;
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
    run(task) {
      if (tasks >= tasksMax) return false;
      tasks += 1;
      void Promise.resolve().then(task).finally(taskEnded);
      return true;
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
