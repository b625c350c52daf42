import { accessSync, constants } from 'node:fs';
import { delimiter, join } from 'node:path';
import { skipWithout } from './require-all.js';

const name = 'redis-server';

/** Where Debian puts it, also for those whose PATH does not say so. */
const folderDefault = '/usr/bin';

/** The program of the server, also for its Sentinel mode; `undefined` where there is none. */
export function findRedisServer(): string | undefined {
  return findProgram(name);
}

export function findProgram(program: string): string | undefined {
  const folders = [...(process.env['PATH'] ?? '').split(delimiter), folderDefault];
  return folders.map((folder) => join(folder, program)).find(isExecutable);
}

/** Marks a test as pending where there is no Redis; in a `before`, all tests of the suite. */
export function requireRedis(context: Mocha.Context): void {
  skipWithout(context, findRedisServer() !== undefined, `a ${name} on the PATH`);
}

export function isExecutable(file: string): boolean {
  try {
    accessSync(file, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}
