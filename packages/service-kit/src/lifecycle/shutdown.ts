import type { Logger } from '../logging/logger.js';
import { shutdownSteps, type ShutdownStep, type ShutdownTask } from './shutdown-steps.js';
import { createStepTime, type StepTime } from './step-time.js';

export interface ShutdownTimes {
  /** For the start to end, should it still go on, and for the steps `not-ready` and `drain`. */
  readonly drainMsMax: number;
  readonly settleMsMax: number;
  readonly forceMsMax: number;
}

interface Registered {
  readonly what: string;
  readonly task: ShutdownTask;
}

export interface Shutdown {
  register(step: ShutdownStep, what: string, task: ShutdownTask): void;
  /** Runs all tasks, whatever happens to one of them; true if each ended well and in time. */
  run(starting: Promise<void>): Promise<boolean>;
}

export function createShutdown(times: ShutdownTimes, logger: Logger): Shutdown {
  const tasks: Record<ShutdownStep, Registered[]> = {
    'not-ready': [],
    drain: [],
    settle: [],
    force: [],
  };
  const timeOf = {
    'not-ready': 'drain',
    drain: 'drain',
    settle: 'settle',
    force: 'force',
  } as const;

  async function runTask({ what, task }: Registered, time: StepTime): Promise<boolean> {
    try {
      const running = Promise.resolve(task(time)).then(() => true);
      const endedWell = await Promise.race([running, time.over.then(() => false)]);
      if (!endedWell) logger.warn({ task: what }, 'a task of the shutdown did not end in its time');
      return endedWell;
    } catch (cause) {
      logger.error({ task: what, cause }, 'a task of the shutdown failed');
      return false;
    }
  }

  async function runStep(step: ShutdownStep, time: StepTime): Promise<boolean> {
    let endedWell = true;
    // A start that is still going on may register more while these run.
    for (let next = tasks[step].shift(); next !== undefined; next = tasks[step].shift()) {
      endedWell = (await runTask(next, time)) && endedWell;
    }
    return endedWell;
  }

  return {
    register: (step, what, task) => void tasks[step].push({ what, task }),
    async run(starting) {
      const stepTimes = {
        drain: createStepTime(times.drainMsMax),
        settle: createStepTime(times.settleMsMax),
        force: createStepTime(times.forceMsMax),
      };
      stepTimes.drain.begin();
      // What is half open goes on to register what it opens, so that it is closed too.
      let endedWell = await runTask({ what: 'start', task: () => starting }, stepTimes.drain);
      for (const step of shutdownSteps) {
        const time = stepTimes[timeOf[step]];
        time.begin();
        endedWell = (await runStep(step, time)) && endedWell;
      }
      return endedWell;
    },
  };
}
