import { fork } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';

export type LmdbCommand =
  | { readonly name: 'put'; readonly key: string; readonly text: string }
  | {
      readonly name: 'commit';
      readonly key: string;
      readonly changeId: string;
      readonly text: string;
    }
  | { readonly name: 'read'; readonly key: string }
  | { readonly name: 'write-for-ever'; readonly key: string };

export interface LmdbAnswer {
  /** Which command it belongs to: 0 none, -1 a write of `write-for-ever`. */
  readonly number: number;
  readonly result: string;
}

export interface LmdbProcess {
  call(command: LmdbCommand): Promise<string>;
  /** Keys whose write was answered, as `write-for-ever` goes on. */
  readonly acknowledged: readonly string[];
  /** Resolves when so many writes were answered. */
  hasAcknowledged(count: number): Promise<void>;
  /** Ends the process where it stands. */
  kill(): Promise<void>;
}

const main = fileURLToPath(new URL('./lmdb-process-main.ts', import.meta.url));
const execArgv = ['--import=tsx', '--conditions=@holdfast/source'];

/** Starts another process that has the same store open. */
export async function startLmdbProcess(directory: string): Promise<LmdbProcess> {
  const child = fork(main, [directory], {
    execArgv,
    stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
  });
  const waiting = new Map<number, (result: string) => void>();
  const acknowledged: string[] = [];
  let milestone = { count: Infinity, reached: (): void => {} };
  let number = 0;

  child.on('message', (message: LmdbAnswer) => {
    if (message.number === -1) {
      acknowledged.push(message.result);
      if (acknowledged.length >= milestone.count) milestone.reached();
    } else waiting.get(message.number)?.(message.result);
  });
  await new Promise<string>((resolve) => waiting.set(0, resolve));

  return {
    call(command) {
      number += 1;
      const sent = number;
      return new Promise((resolve) => {
        waiting.set(sent, resolve);
        child.send({ number: sent, command });
      });
    },
    acknowledged,
    hasAcknowledged: (count) =>
      new Promise((reached) => {
        milestone = { count, reached };
        if (acknowledged.length >= count) reached();
      }),
    async kill() {
      if (child.exitCode !== null || child.signalCode !== null) return;
      const exited = once(child, 'exit');
      child.kill('SIGKILL');
      await exited;
    },
  };
}
