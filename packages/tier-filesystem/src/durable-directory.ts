import { closeSync, constants, openSync } from 'node:fs';
import { mkdir } from 'node:fs/promises';
import { dirname } from 'node:path';
import { flushDescriptor } from './descriptor.js';
import { hasErrno } from './errors.js';

const directoryMode = 0o700;
export const fileMode = 0o600;

/**
 * Resolves when the names in the directory, and the removal of others, survive the loss of power. It is
 * opened at once: a directory that was just changed is known to the system without asking the disk, and
 * to have another thread open it costs more than the flush itself.
 */
export async function syncDirectory(path: string): Promise<void> {
  const descriptor = openSync(path, constants.O_RDONLY | constants.O_DIRECTORY);
  try {
    await flushDescriptor(descriptor);
  } finally {
    closeSync(descriptor);
  }
}

/** Makes one directory unless it is there. Whether its name is durable is for the caller to see to. */
export async function ensureDirectory(path: string): Promise<void> {
  try {
    await mkdir(path, { mode: directoryMode });
  } catch (error) {
    if (!hasErrno(error, 'EEXIST')) throw error;
  }
}

/**
 * Makes the directory and those above it that are missing, for the eyes of their owner only. Not by the
 * recursion that Node offers: where a file system takes no directories at all, as /proc, that tries for ever.
 */
export async function ensurePath(path: string): Promise<void> {
  try {
    await ensureDirectory(path);
  } catch (error) {
    const parent = dirname(path);
    if (parent === path || !hasErrno(error, 'ENOENT')) throw error;
    await ensurePath(parent);
    await ensureDirectory(path);
  }
}
