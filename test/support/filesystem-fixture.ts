import { nativeChecksum as checksum, systemClock as clock } from '@holdfast/service-kit';
import { createFilesystemTier, type FilesystemTier } from '@holdfast/tier-filesystem';
import type { LongTermTierFixture } from '@holdfast/testkit';
import { fstatSync, type Stats } from 'node:fs';
import { lstat, mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

export interface FilesystemFixture extends LongTermTierFixture {
  readonly tier: FilesystemTier;
  readonly root: string;
}

/** A file system tier in a directory of its own. The source of the tier starts no thread. */
export async function openFilesystemFixture(
  createTier = createFilesystemTier,
): Promise<FilesystemFixture> {
  const root = await mkdtemp(join(tmpdir(), 'holdfast-blobs-'));
  const tier = await createTier({ root }, { clock, checksum });
  return {
    tier,
    root,
    checksum,
    leftovers: () => readdir(join(root, 'tmp')),
    openReaders: () => countOpenFiles(root),
    addForeign: () => writeFile(join(root, 'blobs', 'notes.txt'), 'not a blob'),
    close: () => rm(root, { recursive: true }),
  };
}

/** How often this process holds a file below `directory` open. Not by paths, which few systems tell. */
async function countOpenFiles(directory: string): Promise<number> {
  const names = await readdir(directory, { recursive: true });
  const below = await Promise.all(
    names.map(async (name) => inode(await lstat(join(directory, name)))),
  );
  const open = (await readdir('/dev/fd')).map((descriptor) => {
    try {
      return inode(fstatSync(Number(descriptor)));
    } catch {
      // It was closed meanwhile, such as that of the listing itself.
      return '';
    }
  });
  return open.filter((each) => below.includes(each)).length;
}

function inode({ dev, ino }: Stats): string {
  return `${dev}:${ino}`;
}
