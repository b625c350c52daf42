import { Worker, type Transferable } from 'node:worker_threads';

/*
 * A thread of its own for many plain calls of the system. There each costs a fraction of what it costs
 * through the thread pool of the process, which is left to readers and writers. The thread is there only
 * while it is needed, and what it does can as well be done without it.
 */

export interface ThreadOnDemand<Request, Answer> {
  /**
   * Starts the thread unless it is there, and keeps the process from ending until the answer.
   * `undefined` when the thread has failed: then what was asked may have been done, in part or as a
   * whole. The next request has another thread.
   */
  ask(request: Request, handedOver?: readonly Transferable[]): Promise<Answer | undefined>;
}

export interface ThreadOptions {
  /** Answers each message by one message, in their order. */
  readonly script: URL;
  readonly workerData?: unknown;
  /** A thread that nobody has asked for so long ends. It keeps no process from ending before. */
  readonly idleMsMax?: number | undefined;
}

/** To start a thread takes as much CPU as to remove a thousand files, and cleanup comes in bursts. */
const idleMsDefault = 60_000;
/** What they are asked is a few strings at a time: a young generation of 8 MiB would only be filled. */
const resourceLimits = { maxOldGenerationSizeMb: 32, maxYoungGenerationSizeMb: 2 };

export function createThreadOnDemand<Request, Answer>(
  options: ThreadOptions,
): ThreadOnDemand<Request, Answer> {
  let thread: ThreadOnDemand<Request, Answer> | undefined;

  function startAnother(): ThreadOnDemand<Request, Answer> {
    const started = startThread<Request, Answer>(options, () => {
      // One that has ended says so a second time when it is gone, and another may be there by then.
      if (thread === started) thread = undefined;
    });
    return started;
  }

  return {
    ask(request, handedOver) {
      thread ??= startAnother();
      return thread.ask(request, handedOver);
    },
  };
}

function startThread<Request, Answer>(
  { script, workerData, idleMsMax = idleMsDefault }: ThreadOptions,
  onEnd: () => void,
): ThreadOnDemand<Request, Answer> {
  const worker = new Worker(script, { workerData, resourceLimits });
  const waiting: ((answer?: Answer) => void)[] = [];
  let idle: NodeJS.Timeout | undefined;

  function end(): void {
    clearTimeout(idle);
    onEnd();
    for (const answer of waiting.splice(0)) answer();
  }

  function rest(): void {
    worker.unref();
    idle = setTimeout(() => {
      end();
      void worker.terminate();
    }, idleMsMax).unref();
  }

  worker.on('message', (answer: Answer) => {
    waiting.shift()?.(answer);
    if (waiting.length === 0) rest();
  });
  // Its end follows, and says all that matters.
  worker.on('error', () => undefined);
  worker.on('exit', end);
  return {
    ask: (request, handedOver = []) =>
      new Promise((resolve) => {
        clearTimeout(idle);
        worker.ref();
        waiting.push(resolve);
        worker.postMessage(request, handedOver);
      }),
  };
}
