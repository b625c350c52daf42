import { link, open, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';

const fileName = 'lock.mdb';
const bytesPerReader = 64;
/** More than the part of the file that comes before its reader slots. */
const headerBytesMax = 512;

/**
 * Makes sure that the lock file has its disk blocks before LMDB maps it. LMDB itself makes a file
 * with a hole, and a hole that is written through a map on a full disk kills the process by SIGBUS.
 * The file appears under its name complete, so that processes which start together agree on one.
 */
export async function reserveLockFile(directory: string, readersMax: number): Promise<void> {
  const path = join(directory, fileName);
  if (await exists(path)) return;
  const draft = join(directory, `${fileName}.${process.pid}.new`);
  try {
    await writeZeros(draft, headerBytesMax + readersMax * bytesPerReader);
    await link(draft, path);
  } catch (error) {
    if (!isCode(error, 'EEXIST')) throw error;
  } finally {
    await rm(draft, { force: true });
  }
}

async function exists(path: string): Promise<boolean> {
  try {
    return (await stat(path)).size > 0;
  } catch (error) {
    if (isCode(error, 'ENOENT')) return false;
    throw error;
  }
}

async function writeZeros(path: string, bytes: number): Promise<void> {
  const file = await open(path, 'w');
  try {
    await file.writeFile(new Uint8Array(bytes));
    await file.sync();
  } finally {
    await file.close();
  }
}

function isCode(error: unknown, code: string): boolean {
  return error instanceof Error && 'code' in error && error.code === code;
}
