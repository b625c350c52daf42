import { randomUUID } from 'node:crypto';
import { createWriteStream } from 'node:fs';
import { open, rename, rm, stat } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { pipeline } from 'node:stream/promises';

/**
 * Writes a file so that it is there in full or not at all: into a temporary file beside it, which
 * takes its place once everything is on the disk. Devices and pipes are written to as they are.
 */
export async function saveFile(file: string, body: AsyncIterable<Uint8Array>): Promise<void> {
  if (await isSpecial(file)) {
    await pipeline(body, createWriteStream(file));
    return;
  }
  const temporary = join(dirname(file), `.${basename(file)}.${randomUUID()}.part`);
  try {
    const handle = await open(temporary, 'wx');
    await pipeline(body, handle.createWriteStream({ flush: true }));
    await rename(temporary, file);
  } catch (error) {
    await rm(temporary, { force: true });
    throw error;
  }
}

async function isSpecial(file: string): Promise<boolean> {
  try {
    const stats = await stat(file);
    return !stats.isFile() && !stats.isDirectory();
  } catch {
    // It is not there yet, or the attempt to write will say what is wrong.
    return false;
  }
}
