import { fork } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import type { StoreDirectories } from './sweep-bed.js';
import type { Walk, Walked } from './sweep-walk-process.js';

/** The baseline, in its own process. */
export interface Walker {
  readonly pid: number;
  walk(how: Walk): Promise<Walked>;
  stop(): Promise<void>;
}

export function startWalker({ rows, blobs }: StoreDirectories): Walker {
  const script = fileURLToPath(new URL('sweep-walk-process.js', import.meta.url));
  const child = fork(script, [rows, `${blobs}/blobs`], {
    env: { PATH: process.env['PATH'], UV_THREADPOOL_SIZE: '16' },
    execArgv: [],
  });
  const { pid } = child;
  if (pid === undefined) throw new Error('the process did not start');
  const exit = once(child, 'exit');
  return {
    pid,
    async walk(how) {
      const answer = once(child, 'message') as Promise<[Walked]>;
      child.send(how);
      const died = exit.then(() => {
        throw new Error('the walk has ended before its answer');
      });
      const [walked] = await Promise.race([answer, died]);
      return walked;
    },
    async stop() {
      child.kill('SIGTERM');
      await exit;
    },
  };
}
