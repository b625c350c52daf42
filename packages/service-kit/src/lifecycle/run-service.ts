/**
 * The life of a process:
 *
 * 1. `start` opens what the service needs and registers, step by step, how to end it.
 * 2. The process runs until SIGTERM or SIGINT, or until a part of it calls `fail`.
 * 3. The steps of the shutdown run in their order, each for a bounded time, and then the process exits.
 *
 * | what happens                                         | exit code    |
 * | ---------------------------------------------------- | ------------ |
 * | a signal, and everything ended in its time           | 0            |
 * | something failed, or did not end in its time         | 1            |
 * | the settings or the surroundings do not let it start | 78           |
 * | the same signal again: nothing is waited for         | 128 + number |
 */
import { setMaxListeners } from 'node:events';
import { constants } from 'node:os';
import type { Logger } from '../logging/logger.js';
import { StartupError, startupErrorExitCode } from '../startup-error.js';
import { exitProcess, printStartupError } from './exit-process.js';
import { watchHeap } from './heap-watch.js';
import type { ServiceScope } from './service-scope.js';
import { createShutdown } from './shutdown.js';

export interface ServiceOptions {
  readonly name: string;
  readonly logger: Logger;
  /** Resolves once the service serves. */
  readonly start: (scope: ServiceScope) => Promise<void>;
  /** For the steps before `settle`. */
  readonly drainMsMax: number;
}

const settleMsMax = 2_000;
const forceMsMax = 1_000;
/** Terminals, shells and npm deliver one Ctrl-C more than once. */
const echoMsMax = 250;
const endingSignals = ['SIGTERM', 'SIGINT'] as const;

type End =
  | { readonly kind: 'signal'; readonly signal: NodeJS.Signals }
  | { readonly kind: 'failed'; readonly cause: unknown };

/** Runs a service until its end, which is the end of the process. */
export async function runService(options: ServiceOptions): Promise<void> {
  const { name, logger, start } = options;
  const times = { drainMsMax: options.drainMsMax, settleMsMax, forceMsMax };
  const shutdown = createShutdown(times, logger);
  const ending = watchForEnd(logger);
  watchHeap(logger);
  const stopping = new AbortController();
  // Every long-lived stream of a service listens to it.
  setMaxListeners(0, stopping.signal);
  const scope: ServiceScope = {
    onShutdown: (step, what, task) => shutdown.register(step, what, task),
    signal: stopping.signal,
    fail: (cause) => ending.end({ kind: 'failed', cause }),
  };

  const starting = start(scope).then(
    () => logger.info({}, `${name} serves`),
    (cause: unknown) => ending.end({ kind: 'failed', cause }),
  );
  const end = await ending.ended;
  tell(end, name, logger);
  stopping.abort(new Error(`${name} shuts down`));
  const inTime = await shutdown.run(starting);
  logger.info({ inTime }, `${name} ended`);
  exitProcess(exitCode(end, inTime));
}

interface Ending {
  readonly ended: Promise<End>;
  end(end: End): void;
}

function watchForEnd(logger: Logger): Ending {
  let announce: ((end: End) => void) | undefined;
  const ended = new Promise<End>((resolve) => {
    announce = resolve;
  });

  function end(reason: End): void {
    announce?.(reason);
    if (announce === undefined && reason.kind === 'failed') {
      logger.warn({ cause: reason.cause }, 'something failed while the process ended');
    }
    announce = undefined;
  }

  for (const signal of endingSignals) watchSignal(signal, end, logger);
  for (const event of ['uncaughtException', 'unhandledRejection'] as const) {
    // Nobody knows what state the process is in. What it promised is on its disks.
    process.on(event, (cause: unknown) => {
      logger.error({ cause }, `ending at once: ${event}`);
      exitProcess(1);
    });
  }
  return { ended, end };
}

function watchSignal(
  signal: (typeof endingSignals)[number],
  end: (reason: End) => void,
  logger: Logger,
): void {
  let firstAt: number | undefined;
  process.on(signal, () => {
    if (firstAt === undefined) {
      firstAt = performance.now();
      return end({ kind: 'signal', signal });
    }
    if (performance.now() - firstAt < echoMsMax) return;
    logger.warn({ signal }, 'the same signal again: not waiting for anything');
    exitProcess(128 + constants.signals[signal]);
  });
}

function tell(end: End, name: string, logger: Logger): void {
  if (end.kind === 'signal') return logger.info({ signal: end.signal }, `${name} shuts down`);
  if (end.cause instanceof StartupError) return printStartupError(name, end.cause);
  logger.error({ cause: end.cause }, `${name} failed`);
}

function exitCode(end: End, inTime: boolean): number {
  if (end.kind === 'signal') return inTime ? 0 : 1;
  return end.cause instanceof StartupError ? startupErrorExitCode : 1;
}
