import { host } from '../ports.js';
import type { RedisAccess } from './redis-access.js';

/**
 * In the folder of its data, so whoever can connect to it knows that a Redis runs on that, though it may
 * hang or have another port.
 */
export const socketName = 'redis.sock';

/**
 * The settings of a Redis for one person's machine. It gets them through its standard input, so that
 * the password is neither on its command line nor in another file. Its data goes where it is started.
 */
export function serverSettings({ port, password }: RedisAccess): string {
  const settings = [
    `bind ${host}`,
    `port ${port}`,
    `unixsocket ${socketName}`,
    'unixsocketperm 700',
    'protected-mode yes',
    `requirepass ${password}`,
    // Jobs are to be there again after a crash, as they are in production.
    'appendonly yes',
    'appendfsync everysec',
    'save ""',
    // What a queue holds is never a cache.
    'maxmemory-policy noeviction',
    'loglevel warning',
    'logfile ""',
    'daemonize no',
  ];
  return settings.map((line) => `${line}\n`).join('');
}
