import { randomBytes } from 'node:crypto';
import { chmod, mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { host } from '../ports.js';
import { codeOf, StartFailure } from '../start-failure.js';

/**
 * How the Redis of a data folder is reached. It listens on loopback, which is open to everybody who
 * is on the machine, so it asks for a password; a new one each time, in a file for its owner's eyes.
 */
export interface RedisAccess {
  /** Where it keeps its data. */
  readonly folder: string;
  readonly port: number;
  readonly password: string;
}

/** What it holds makes `redis-cli -u "$(cat data/redis/url)"` work. */
const fileName = 'url';
const passwordBytes = 32;
const folderMode = 0o700;
const fileMode = 0o600;

export function urlOf({ port, password }: RedisAccess): string {
  return `redis://default:${password}@${host}:${port}`;
}

/** Makes the folder if it is not there, and a way to reach the Redis that will keep its data in it. */
export async function createAccess(folder: string, port: number): Promise<RedisAccess> {
  const access = { folder, port, password: randomBytes(passwordBytes).toString('hex') };
  const file = join(folder, fileName);
  try {
    await mkdir(folder, { recursive: true });
    await chmod(folder, folderMode);
    await rm(file, { force: true });
    await writeFile(file, `${urlOf(access)}\n`, { mode: fileMode, flag: 'wx' });
  } catch (error) {
    throw new StartFailure(
      `the folder ${folder} cannot be used (${codeOf(error)}): choose another with --data`,
    );
  }
  return access;
}

const urlText = /^redis:\/\/default:(?<password>[0-9a-f]+)@127\.0\.0\.1:(?<port>\d{1,5})\n$/;

/** That of the last start on this data; `undefined` when there was none. */
export async function readAccess(folder: string): Promise<RedisAccess | undefined> {
  const text = await readFile(join(folder, fileName), 'utf8').catch(() => '');
  const { password, port } = urlText.exec(text)?.groups ?? {};
  if (password === undefined || port === undefined) return undefined;
  return { folder, password, port: Number(port) };
}
