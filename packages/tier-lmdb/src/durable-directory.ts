import { mkdir, open } from 'node:fs/promises';
import { constants } from 'node:os';
import { dirname, resolve } from 'node:path';
import { errorNumberOf } from './error-number.js';

const { EACCES, EEXIST, EINVAL, ENOENT, EPERM } = constants.errno;

/** Nobody but the owner may see what callers store. */
const directoryMode = 0o700;
export const fileMode = 0o600;

/**
 * Makes the directory and those above it that are missing, for the eyes of their owner only. Not by
 * the recursion that Node offers: where a file system takes no directories at all, as /proc, that
 * tries for ever.
 */
export async function makeDirectory(path: string): Promise<void> {
  try {
    await ensureDirectory(path);
  } catch (error) {
    const parent = dirname(path);
    if (parent === path || errorNumberOf(error) !== ENOENT) throw error;
    await makeDirectory(parent);
    await ensureDirectory(path);
  }
}

async function ensureDirectory(path: string): Promise<void> {
  try {
    await mkdir(path, { mode: directoryMode });
  } catch (error) {
    if (errorNumberOf(error) !== EEXIST) throw error;
  }
}

/** The names in the directory are from now on as durable as the content of what they name. */
export async function syncDirectory(path: string): Promise<void> {
  const handle = await open(path);
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}

/**
 * Makes the path to a directory durable. All of it, as the directories on it may have been made
 * just now by another process, which has not come to flushing them yet.
 */
export async function syncAncestors(path: string): Promise<void> {
  for (let above = dirname(resolve(path)); ; above = dirname(above)) {
    try {
      await syncDirectory(above);
    } catch (error) {
      if (!isNotOurs(error)) throw error;
    }
    if (above === dirname(above)) return;
  }
}

/** A directory that we may not even read was not made by us. */
function isNotOurs(error: unknown): boolean {
  const number = errorNumberOf(error);
  return number === EACCES || number === EPERM || number === EINVAL;
}
