import { randomUUID } from 'node:crypto';
import { createWriteStream, type Stats } from 'node:fs';
import { open, realpath, rename, rm, stat } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { pipeline } from 'node:stream/promises';

/** What a temporary name takes from the file's: names have 255 bytes at most, the rest included. */
const nameBytesMax = 128;
const permissionBits = 0o777;

/**
 * Writes a file so that it is there in full or not at all: into a temporary file beside it, which
 * takes its place once everything is on the disk. A file that was there leaves its permissions to the
 * new one, and a symbolic link to a file still leads there. Devices and pipes are written to as they
 * are.
 */
export async function saveFile(file: string, body: AsyncIterable<Uint8Array>): Promise<void> {
  const there = await statsOf(file);
  if (there !== undefined && !there.isFile() && !there.isDirectory()) {
    await pipeline(body, createWriteStream(file));
    return;
  }
  const target = there === undefined ? file : await realpath(file);
  const temporary = temporaryBeside(target);
  const mode = there === undefined ? undefined : there.mode & permissionBits;
  try {
    const handle = await open(temporary, 'wx', mode);
    const content = handle.createWriteStream({ flush: true });
    // The umask may have taken something off.
    if (mode !== undefined) await handle.chmod(mode);
    await pipeline(body, content);
    await rename(temporary, target);
  } catch (error) {
    await rm(temporary, { force: true });
    throw error;
  }
}

function temporaryBeside(file: string): string {
  const name = Buffer.from(basename(file)).subarray(0, nameBytesMax).toString();
  return join(dirname(file), `.${name}.${randomUUID()}.part`);
}

async function statsOf(file: string): Promise<Stats | undefined> {
  try {
    return await stat(file);
  } catch {
    // It is not there yet, or the attempt to write will say what is wrong.
    return undefined;
  }
}
