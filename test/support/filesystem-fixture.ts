import { nativeChecksum as checksum, systemClock as clock } from '@holdfast/service-kit';
import { createFilesystemTier, type FilesystemTier } from '@holdfast/tier-filesystem';
import type { LongTermTierFixture } from '@holdfast/testkit';
import { mkdtemp, readdir, readlink, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

export interface FilesystemFixture extends LongTermTierFixture {
  readonly tier: FilesystemTier;
  readonly root: string;
}

/** A file system tier in a directory of its own. */
export async function openFilesystemFixture(): Promise<FilesystemFixture> {
  const root = await mkdtemp(join(tmpdir(), 'holdfast-blobs-'));
  const tier = await createFilesystemTier({ root }, { clock, checksum });
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

/** Files below `directory` that this process holds open. */
async function countOpenFiles(directory: string): Promise<number> {
  const descriptors = await readdir('/proc/self/fd');
  const paths = await Promise.all(
    // One that was closed meanwhile, such as that of the listing itself, leads nowhere.
    descriptors.map((descriptor) => readlink(`/proc/self/fd/${descriptor}`).catch(() => '')),
  );
  return paths.filter((path) => path.startsWith(directory)).length;
}
