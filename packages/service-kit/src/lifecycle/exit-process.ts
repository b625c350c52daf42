import { writeSync } from 'node:fs';
import { StartupError, startupErrorExitCode } from '../startup-error.js';

const standardError = 2;

/** Ends the process. Only its lifecycle may: everything else reports what happened. */
export function exitProcess(code: number, own: Pick<NodeJS.Process, 'exit'> = process): never {
  return own.exit(code);
}

/** Each line says by itself who speaks: several processes may share a terminal. */
export function printStartupError(name: string, error: StartupError): void {
  const lines = error.message.split('\n').map((line) => `${name}: ${line}\n`);
  try {
    writeSync(standardError, lines.join(''));
  } catch {
    // Nobody listens. The exit code says it too.
  }
}

/**
 * What `load` answers. A `StartupError` ends the process with its lines and its exit code instead:
 * for what comes before there is a logger, such as the settings.
 */
export function loadOrExit<Loaded>(name: string, load: () => Loaded): Loaded {
  try {
    return load();
  } catch (error) {
    if (!(error instanceof StartupError)) throw error;
    printStartupError(name, error);
    return exitProcess(startupErrorExitCode);
  }
}
