/*
 * Keeps two from running on one data folder. The lock is a socket in it that its owner listens on:
 * whoever can connect to it knows that its owner lives, and one left behind by a process that was
 * killed is found to be nobody's, whatever else has that process's number by now.
 */
import { once } from 'node:events';
import { lstat, unlink } from 'node:fs/promises';
import { createServer, type Server } from 'node:net';
import { join } from 'node:path';
import { addressOf, isAnswered } from './answered-socket.js';
import type { DataFolder } from './data-folder.js';
import { codeOf, StartFailure } from './start-failure.js';

export interface FolderLock {
  release(): Promise<void>;
}

const lockName = 'start.lock';

export async function lockFolder({ path }: DataFolder): Promise<FolderLock> {
  const lock = join(path, lockName);
  const server = (await listenAt(lock)) ?? (await replaceStale(lock));
  if (server === undefined) throw inUse(path);
  // What keeps this process alive are the services.
  server.unref();
  return {
    async release() {
      server.close();
      await once(server, 'close');
    },
  };
}

async function replaceStale(lock: string): Promise<Server | undefined> {
  if (await isAnswered(lock)) return undefined;
  if (!(await lstat(lock)).isSocket()) {
    throw new StartFailure(`${lock} is in the way and is no lock of ours: remove it`);
  }
  await unlink(lock);
  return listenAt(lock);
}

async function listenAt(lock: string): Promise<Server | undefined> {
  const server = createServer((socket) => socket.destroy());
  try {
    server.listen(addressOf(lock));
    await once(server, 'listening');
    return server;
  } catch (error) {
    const code = codeOf(error);
    if (code === 'EADDRINUSE') return undefined;
    throw new StartFailure(`${lock} cannot be made (${code}): choose another folder with --data`);
  }
}

function inUse(path: string): StartFailure {
  return new StartFailure(
    `the data folder ${path} is in use by another start: stop that one, or choose another with --data`,
  );
}
