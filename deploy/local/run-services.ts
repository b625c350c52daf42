import { once } from 'node:events';
import type { ServicePlan } from './service-plan.js';
import { describeEnd, startService, type ServiceProcess } from './service-process.js';
import { startFailureExitCode } from './start-failure.js';
import { stopServices } from './stop-services.js';
import type { StopSignals } from './stop-signals.js';
import { waitReady } from './wait-ready.js';

export interface RunDependencies {
  readonly drainMsMax: number;
  readonly stop: StopSignals;
  /** Told once, when all of them are ready. */
  readonly ready: () => void;
  readonly say: (line: string) => void;
}

const readyMsMax = 30_000;

/** What ends a run that nobody asked to end. Without a line where the service has said it itself. */
interface Trouble {
  readonly line?: string;
  readonly exitCode: number;
}

/** Runs the services until one ends or a stop is asked for. Resolves to the exit code, with all gone. */
export async function runServices(
  plans: readonly ServicePlan[],
  dependencies: RunDependencies,
): Promise<number> {
  const running: ServiceProcess[] = [];
  let haveServed = false;
  const ready = (): void => {
    haveServed = true;
    dependencies.ready();
  };
  const trouble = await runUntilEnd(plans, running, { stop: dependencies.stop, ready });
  if (trouble?.line !== undefined) dependencies.say(trouble.line);
  const stopped = await stopServices(running.toReversed(), { ...dependencies, haveServed });
  return trouble?.exitCode ?? stopped;
}

async function runUntilEnd(
  plans: readonly ServicePlan[],
  running: ServiceProcess[],
  { stop, ready }: Pick<RunDependencies, 'stop' | 'ready'>,
): Promise<Trouble | undefined> {
  const asked = whenAborted(stop.asked);
  for (const plan of plans) {
    running.push(startService(plan));
    const waiting = new AbortController();
    const upOrNot = untilReady(plan, waiting.signal);
    const trouble = await Promise.race([upOrNot, firstEnd(running), asked]);
    waiting.abort();
    if (stop.asked.aborted || trouble !== undefined) return trouble;
  }
  ready();
  return Promise.race([firstEnd(running), asked]);
}

async function untilReady(
  { name, isReady }: ServicePlan,
  signal: AbortSignal,
): Promise<Trouble | undefined> {
  const inTime = AbortSignal.any([signal, AbortSignal.timeout(readyMsMax)]);
  if (await waitReady(isReady, inTime)) return undefined;
  return { line: `${name} is not ready after ${readyMsMax / 1_000} s: stopping`, exitCode: 1 };
}

function firstEnd(running: readonly ServiceProcess[]): Promise<Trouble> {
  return Promise.race(running.map(unexpectedEnd));
}

async function unexpectedEnd({ name, ended }: ServiceProcess): Promise<Trouble> {
  const end = await ended;
  if (end.code === startFailureExitCode) return { exitCode: startFailureExitCode };
  return { line: `${name} ${describeEnd(end)}: stopping everything`, exitCode: 1 };
}

async function whenAborted(signal: AbortSignal): Promise<undefined> {
  if (!signal.aborted) await once(signal, 'abort');
  return undefined;
}
