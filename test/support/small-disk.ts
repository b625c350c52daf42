import { execFile } from 'node:child_process';
import { mkdtemp, rmdir } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';

const run = promisify(execFile);

export interface SmallDisk {
  readonly path: string;
  unmount(): Promise<void>;
}

/** A file system of its own that is full after `bytes`. Rejects where mounting is not allowed. */
export async function mountSmallDisk(bytes: number): Promise<SmallDisk> {
  const path = await mkdtemp(join(tmpdir(), 'holdfast-disk-'));
  try {
    await run('mount', ['-t', 'tmpfs', '-o', `size=${bytes},mode=0700`, 'tmpfs', path]);
  } catch (cause) {
    await rmdir(path);
    throw new Error(`a small disk cannot be mounted at ${path}`, { cause });
  }
  return {
    path,
    async unmount() {
      // Lazily: a test that failed may still hold a file open.
      await run('umount', ['-l', path]);
      await rmdir(path);
    },
  };
}

/** Whether this machine lets us mount. */
export async function canMount(): Promise<boolean> {
  try {
    const disk = await mountSmallDisk(64 * 1024);
    await disk.unmount();
    return true;
  } catch {
    return false;
  }
}
