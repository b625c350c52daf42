import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';

/** With these Node runs the TypeScript of this repository as it is. */
export const sourceFlags = ['--import=tsx', '--conditions=@holdfast/source'] as const;

export interface Child {
  /**
   * The next line that the child prints; `undefined` once it has printed its last and has ended well
   * or by `kill`. Rejects when it has ended otherwise, or was never started.
   */
  nextLine(): Promise<string | undefined>;
  /** Lets the child go on that waits for a line of input. */
  proceed(): void;
  /** Ends the child as the loss of power would, and waits until it is gone. */
  kill(): Promise<void>;
  /** How the child ended. Rejects if it was never started. */
  readonly exit: Promise<ChildExit>;
}

export interface ChildExit {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
}

/** Starts a TypeScript file of the tests as a process of its own. `wrapper` runs it, if given. */
export function startChild(
  file: URL,
  args: readonly string[],
  wrapper: readonly string[] = [],
): Child {
  const node = [process.execPath, ...sourceFlags, file.pathname];
  const [command = '', ...rest] = [...wrapper, ...node, ...args];
  const child = spawn(command, rest, { stdio: ['pipe', 'pipe', 'inherit'] });
  const exit = once(child, 'exit').then(() => {
    return { code: child.exitCode, signal: child.signalCode };
  });
  // Who waits for a line learns of it; until then it is not unhandled.
  exit.catch(() => undefined);
  // A child that ended cannot be written to: `nextLine` says so better.
  child.stdin.on('error', () => undefined);
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  let isKilled = false;
  return {
    exit,
    async nextLine() {
      const line = await lines.next();
      if (line.done !== true) return line.value;
      const { code, signal } = await exit;
      if (code === 0 || (isKilled && signal === 'SIGKILL')) return undefined;
      throw new Error(`${file.pathname} ended by itself: code ${code}, signal ${signal}`);
    },
    proceed() {
      child.stdin.write('\n');
    },
    async kill() {
      isKilled = true;
      child.kill('SIGKILL');
      await exit;
    },
  };
}
