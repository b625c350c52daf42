import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';

export interface Child {
  /** The next line that the child prints; `undefined` once it has printed its last. */
  nextLine(): Promise<string | undefined>;
  /** Lets the child go on that waits for a line of input. */
  proceed(): void;
  /** Ends the child as the loss of power would, and waits until it is gone. */
  kill(): Promise<void>;
}

/** Starts a TypeScript file of the tests as a process of its own. `wrapper` runs it, if given. */
export function startChild(
  file: URL,
  args: readonly string[],
  wrapper: readonly string[] = [],
): Child {
  const node = [process.execPath, '--import=tsx', '--conditions=@holdfast/source', file.pathname];
  const [command = '', ...rest] = [...wrapper, ...node, ...args];
  const child = spawn(command, rest, { stdio: ['pipe', 'pipe', 'inherit'] });
  const exited = once(child, 'exit');
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  return {
    async nextLine() {
      const line = await lines.next();
      return line.done === true ? undefined : line.value;
    },
    proceed() {
      child.stdin.write('\n');
    },
    async kill() {
      child.kill('SIGKILL');
      await exited;
    },
  };
}
