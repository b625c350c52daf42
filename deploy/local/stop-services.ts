import { constants } from 'node:os';
import { setTimeout as pause } from 'node:timers/promises';
import { describeEnd, type ServiceProcess } from './service-process.js';
import type { StopSignals } from './stop-signals.js';

export interface StopDependencies {
  readonly drainMsMax: number;
  readonly stop: StopSignals;
  readonly say: (line: string) => void;
  /** Somebody may have begun a call that is waited for. */
  readonly haveServed: boolean;
}

/** Beyond its drain, for a service to close what it has open. */
const closeMsMax = 7_500;

/** After which a person at a terminal wants to know what is being waited for. */
const quietMsMax = 1_000;

/**
 * Ends the services one after the other, each in a bounded time, so that nobody loses what it still
 * needs. Resolves to the exit code once all of them are gone.
 */
export async function stopServices(
  services: readonly ServiceProcess[],
  { drainMsMax, stop, say, haveServed }: StopDependencies,
): Promise<number> {
  const killAll = (): void => {
    for (const service of services) service.kill();
  };
  if (stop.insisted.aborted) killAll();
  else stop.insisted.addEventListener('abort', killAll, { once: true });

  const patience = new AbortController();
  if (haveServed) void explainWait(patience.signal, say);
  let exitCode = 0;
  for (const service of services) {
    const end = await service.stop(drainMsMax + closeMsMax);
    if (end.code === 0) continue;
    exitCode = 1;
    if (end.isLate === true && !stop.insisted.aborted) say(`${service.name} ${describeEnd(end)}`);
  }
  patience.abort();
  return stop.insisted.aborted ? 128 + constants.signals.SIGINT : exitCode;
}

async function explainWait(signal: AbortSignal, say: (line: string) => void): Promise<void> {
  const isLong = await pause(quietMsMax, true, { signal }).catch(() => false);
  if (isLong) say('waiting for running calls to end; press Ctrl-C again to end them at once');
}
