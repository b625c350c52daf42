import { execFile } from 'node:child_process';
import { mkdtemp, open, rename, rm, unlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { holdStill } from './cleanup-standstill.js';
import type { Cluster } from './cluster.js';

const run = promisify(execFile);

/** Takes a fault away. Doing so twice is fine. */
export type Heal = () => Promise<void>;

/**
 * Makes a file that can be read as ever and not be removed, also by root: it is a mount point, or is
 * marked as immutable. Rejects where we may do neither.
 */
export async function makeUndeletable(file: string): Promise<Heal> {
  const undo = (await attempt('mount', ['--bind', file, file]))
    ? ['umount', '-l', file]
    : ['chattr', '-i', file];
  if (undo[0] === 'chattr') await run('chattr', ['+i', file]);
  let isHealed = false;
  return async () => {
    if (isHealed) return;
    isHealed = true;
    const [command = '', ...args] = undo;
    await run(command, args);
  };
}

async function attempt(command: string, args: readonly string[]): Promise<boolean> {
  return run(command, [...args]).then(
    () => true,
    () => false,
  );
}

/** Whether this machine lets us. */
export async function canMakeUndeletable(): Promise<boolean> {
  const folder = await mkdtemp(join(tmpdir(), 'holdfast-undeletable-'));
  const file = join(folder, 'file');
  try {
    await writeFile(file, '');
    const heal = await makeUndeletable(file);
    const isRemoved = await unlink(file).then(
      () => true,
      () => false,
    );
    await heal();
    return !isRemoved;
  } catch {
    return false;
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

/** Changes a byte of the header of a blob's file that means nothing, which its checksum shows. */
export async function damageHeader(file: string): Promise<Heal> {
  const handle = await open(file, 'r+');
  await handle.write(Buffer.of(1), 0, 1, unusedHeaderByte);
  await handle.close();
  return async () => {
    const healed = await open(file, 'r+');
    await healed.write(Buffer.of(0), 0, 1, unusedHeaderByte);
    await healed.close();
  };
}

/** As docs/formats.md has it, a header takes 4,096 bytes, and those at its end are zeros. */
const unusedHeaderByte = 4_095;

/**
 * Makes every access to a blob fail, as a disk does that is gone: where their folder was is something
 * else. The store stands still meanwhile, so that it never sees a folder without blobs.
 */
export async function breakLongTermTier({ directory, tieredStore }: Cluster): Promise<Heal> {
  const folder = join(directory, 'blobs', 'blobs');
  const away = join(directory, 'blobs-away');
  await standingStill(tieredStore, async () => {
    await rename(folder, away);
    await writeFile(folder, '');
  });
  let isHealed = false;
  return async () => {
    if (isHealed) return;
    isHealed = true;
    await standingStill(tieredStore, async () => {
      await unlink(folder);
      await rename(away, folder);
    });
  };
}

async function standingStill(
  service: Cluster['tieredStore'],
  act: () => Promise<void>,
): Promise<void> {
  const goOn = await holdStill(service);
  try {
    await act();
  } finally {
    goOn();
  }
}
