/*
 * The process that Redis is a child of. Like the services it ends with who started it, which Redis
 * itself cannot, and takes Redis with it.
 */
import { argv } from 'node:process';
import { startFailureExitCode } from '../start-failure.js';
import { keepRedis } from './keep-redis.js';
import { readAccess } from './redis-access.js';

const [, , program = '', folder = ''] = argv;
const asked = new AbortController();
for (const name of ['SIGTERM', 'SIGINT'] as const) process.on(name, () => asked.abort());

const say = (line: string): void => void process.stderr.write(`${line}\n`);
const access = await readAccess(folder);
if (access === undefined) {
  say(`redis: ${folder} does not say how Redis is to be reached`);
  process.exitCode = startFailureExitCode;
} else {
  process.exitCode = await keepRedis({ program, access }, { stop: asked.signal, say });
}
