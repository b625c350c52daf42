import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { isAnswered } from '../answered-socket.js';
import { StartFailure } from '../start-failure.js';
import { askRedis } from './ask-redis.js';
import { readAccess, type RedisAccess } from './redis-access.js';
import { socketName } from './server-settings.js';

const endMsMax = 10_000;
const pollMs = 50;

/**
 * Ends the Redis that still runs on this data because whoever started it was killed, with its data
 * saved: two on the same files would spoil them.
 */
export async function endLeftover(folder: string, say: (line: string) => void): Promise<void> {
  const access = await readAccess(folder);
  if (access === undefined || !(await isThere(access))) return;
  say(`ending the Redis on port ${access.port} that an earlier start has left behind`);
  // Who does as he is told ends without an answer.
  await askRedis(access, 'SHUTDOWN');
  const until = performance.now() + endMsMax;
  while (await isThere(access)) {
    if (performance.now() > until) throw stillThere(access, 'does not end');
    await pause(pollMs);
  }
}

async function isThere(access: RedisAccess): Promise<boolean> {
  const answer = await askRedis(access, 'PING');
  if (answer !== 'silent') return answer !== 'stranger';
  if (await isAnswered(join(access.folder, socketName)))
    throw stillThere(access, 'does not answer');
  return false;
}

function stillThere({ port, folder }: RedisAccess, what: string): StartFailure {
  return new StartFailure(
    `a Redis on ${folder}, port ${port}, that an earlier start has left behind ${what}: ` +
      ` end it, or choose another folder with --data`,
  );
}
