import { parseArgs } from 'node:util';
import { StartupError } from '../startup-error.js';

const usage = 'allowed: --config FILE, a YAML file with settings';

/** The settings file that the command line names, if it names one. */
export function readCommandLine(argv: readonly string[]): string | undefined {
  try {
    const { values } = parseArgs({
      args: [...argv],
      options: { config: { type: 'string', multiple: true } },
      allowPositionals: false,
    });
    const [file, another] = values.config ?? [];
    if (another !== undefined) throw new StartupError(`--config is given twice; ${usage}`);
    if (file === '') throw new StartupError(`--config names no file; ${usage}`);
    return file;
  } catch (cause) {
    if (cause instanceof StartupError) throw cause;
    throw new StartupError(`the command line is not understood; ${usage}`, { cause });
  }
}
