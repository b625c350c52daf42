import { constants } from 'node:fs';
import { access, mkdir, stat } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';
import { codeOf, StartFailure } from './start-failure.js';

/** Where everything that has to survive lies. */
export interface DataFolder {
  readonly path: string;
  readonly rows: string;
  readonly blobs: string;
  readonly redis: string;
}

const folderMode = 0o700;

/** Makes the folder if it is not there. What is in it is looked at by the tiered store. */
export async function prepareFolder(data: string): Promise<DataFolder> {
  const path = resolve(data);
  try {
    await makeFolder(path);
    if (!(await stat(path)).isDirectory()) throw new Error('it is no folder');
    await access(path, constants.R_OK | constants.W_OK | constants.X_OK);
  } catch (error) {
    throw new StartFailure(
      `the data folder ${path} cannot be used (${codeOf(error)}): choose another with --data`,
    );
  }
  return {
    path,
    rows: join(path, 'rows'),
    blobs: join(path, 'blobs'),
    redis: join(path, 'redis'),
  };
}

/** Not by `recursive`, which never ends where a folder is there and cannot hold another, as in /proc. */
async function makeFolder(path: string): Promise<void> {
  try {
    await mkdir(path, { mode: folderMode });
  } catch (error) {
    const code = codeOf(error);
    if (code === 'EEXIST') return;
    if (code !== 'ENOENT' || (await isThere(dirname(path)))) throw error;
    await makeFolder(dirname(path));
    await mkdir(path, { mode: folderMode });
  }
}

async function isThere(path: string): Promise<boolean> {
  return stat(path).then(
    () => true,
    () => false,
  );
}
