import type { Dirent } from 'node:fs';
import { opendir, stat } from 'node:fs/promises';
import { join } from 'node:path';

/** What is below a directory: a file, or what is none or could not be looked at. */
export type Found =
  | {
      readonly kind: 'file';
      readonly path: string;
      /** From the directory it was looked for in, with `/` on every system. */
      readonly relative: string;
      readonly size: number;
    }
  | { readonly kind: 'other'; readonly path: string }
  | { readonly kind: 'unreadable'; readonly path: string; readonly error: unknown };

/**
 * All files below a directory, one directory at a time and in the order the system has them. Links
 * are followed to files, never to directories, so there is an end. Fails when the directory itself
 * cannot be read.
 */
export async function* filesBelow(directory: string): AsyncGenerator<Found, undefined> {
  const waiting: string[] = [''];
  for (let below = waiting.pop(); below !== undefined; below = waiting.pop()) {
    const path = join(directory, below);
    try {
      for await (const entry of await opendir(path)) {
        const relative = below === '' ? entry.name : `${below}/${entry.name}`;
        if (entry.isDirectory()) waiting.push(relative);
        else yield await look(entry, directory, relative);
      }
    } catch (error) {
      if (below === '') throw error;
      yield { kind: 'unreadable', path, error };
    }
  }
  return undefined;
}

async function look(entry: Dirent, directory: string, relative: string): Promise<Found> {
  const path = join(directory, relative);
  if (!entry.isFile() && !entry.isSymbolicLink()) return { kind: 'other', path };
  try {
    const stats = await stat(path);
    return stats.isFile()
      ? { kind: 'file', path, relative, size: stats.size }
      : { kind: 'other', path };
  } catch (error) {
    return { kind: 'unreadable', path, error };
  }
}
