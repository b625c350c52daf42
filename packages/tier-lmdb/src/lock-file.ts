import { randomUUID } from 'node:crypto';
import { link, open, readdir, rm, stat } from 'node:fs/promises';
import { constants } from 'node:os';
import { join } from 'node:path';
import { errorNumberOf } from './error-number.js';

const fileName = 'lock.mdb';
const draftPattern = /^lock\.mdb\..+\.new$/;
const bytesPerReader = 64;
/** More than the part of the file that comes before its reader slots. */
const headerBytesMax = 512;

const { EEXIST, ENOENT } = constants.errno;

export interface LockFileOptions {
  readonly readersMax: number;
  readonly mode: number;
}

/**
 * Makes sure that the lock file has its disk blocks before LMDB maps it. LMDB itself makes a file
 * with a hole, and a hole that is written through a map on a full disk kills the process by SIGBUS.
 *
 * The file appears under its name complete, so that all who open the store at once agree on one.
 * Nothing here ever opens a file that may be the lock file: to write to it would take the locks
 * from under everybody, and even to close it would drop those that this process holds.
 */
export async function reserveLockFile(directory: string, options: LockFileOptions): Promise<void> {
  if (!(await hasLockFile(directory))) await makeLockFile(directory, options);
  await removeDrafts(directory);
}

export async function hasLockFile(directory: string): Promise<boolean> {
  try {
    return (await stat(join(directory, fileName))).size > 0;
  } catch (error) {
    if (errorNumberOf(error) === ENOENT) return false;
    throw error;
  }
}

async function makeLockFile(directory: string, options: LockFileOptions): Promise<void> {
  // Threads share a process id, and so do containers: only a name that is nobody else's will do.
  const draft = join(directory, `${fileName}.${randomUUID()}.new`);
  try {
    await writeZeros(draft, options);
    await linkOnce(draft, join(directory, fileName));
  } finally {
    await rm(draft, { force: true });
  }
}

/** Somebody else's lock file is as good, and one is there as soon as anybody removes drafts. */
async function linkOnce(draft: string, path: string): Promise<void> {
  try {
    await link(draft, path);
  } catch (error) {
    const number = errorNumberOf(error);
    if (number !== EEXIST && number !== ENOENT) throw error;
  }
}

/**
 * Removes what a crash left behind. The lock file is there by now, so that a draft which somebody
 * is still writing is of no use any more, and its writer does not miss it.
 */
async function removeDrafts(directory: string): Promise<void> {
  const drafts = (await readdir(directory)).filter((name) => draftPattern.test(name));
  for (const draft of drafts) await rm(join(directory, draft), { force: true });
}

async function writeZeros(path: string, { readersMax, mode }: LockFileOptions): Promise<void> {
  const file = await open(path, 'wx', mode);
  try {
    await file.writeFile(new Uint8Array(headerBytesMax + readersMax * bytesPerReader));
    await file.sync();
  } finally {
    await file.close();
  }
}
