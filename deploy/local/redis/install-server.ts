import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { codeOf, StartFailure } from '../start-failure.js';
import { findProgram } from './find-program.js';

export interface Machine {
  readonly environment: NodeJS.ProcessEnv;
  /** Who may install programs for everybody. */
  readonly isRoot: boolean;
  /** Looked into after those of the PATH; the usual ones where it is not said. */
  readonly programFolders?: readonly string[];
}

const run = promisify(execFile);
const packageName = 'redis-server';
const installMsMax = 300_000;
/** For another one that installs something to come to its end. */
const lockSeconds = 60;
const otherwise = 'or give the URL of a Redis with --redis';

/** The program to run as Redis. Installs Debian's where there is none and we may. */
export async function requireServer(
  machine: Machine,
  say: (line: string) => void,
): Promise<string> {
  const find = (name: string): Promise<string | undefined> =>
    findProgram(name, machine.environment['PATH'], machine.programFolders);
  const found = await find(packageName);
  if (found !== undefined) return found;

  const packager = await find('apt-get');
  if (packager === undefined) {
    throw new StartFailure(`there is no ${packageName} on the PATH: install Redis, ${otherwise}`);
  }
  if (!machine.isRoot) {
    throw new StartFailure(
      `there is no ${packageName} on the PATH: sudo apt-get install ${packageName}, ${otherwise}`,
    );
  }
  say(`there is no ${packageName} on the PATH: installing it with apt-get`);
  await install(packager, machine.environment);
  const installed = await find(packageName);
  if (installed !== undefined) return installed;
  throw new StartFailure(`apt-get has installed no ${packageName}: install Redis, ${otherwise}`);
}

async function install(packager: string, environment: NodeJS.ProcessEnv): Promise<void> {
  const patience = ['-o', `DPkg::Lock::Timeout=${lockSeconds}`];
  const options = {
    env: { ...environment, DEBIAN_FRONTEND: 'noninteractive' },
    timeout: installMsMax,
  };
  try {
    await run(packager, ['update', '-qq'], options);
    const only = ['-y', '-qq', '--no-install-recommends'];
    await run(packager, ['install', ...patience, ...only, packageName], options);
  } catch (error) {
    throw new StartFailure(
      `apt-get cannot install ${packageName} (${reasonOf(error)}): install Redis, ${otherwise}`,
    );
  }
}

/** Of all that apt-get says the last error, which names the cause. */
function reasonOf(error: unknown): string {
  const output = error instanceof Error && 'stderr' in error ? String(error.stderr) : '';
  const lines = output.split('\n').filter((line) => line.startsWith('E: '));
  const last = lines.at(-1)?.slice('E: '.length);
  return last ?? `exit code ${codeOf(error)}`;
}
