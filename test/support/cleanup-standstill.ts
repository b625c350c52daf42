import { readdir, readFile } from 'node:fs/promises';
import type { ClusterService } from './cluster-service.js';
import { waitUntil } from './cluster-wait.js';

/**
 * Holds a process still: its connections stay open, and nobody is answered. Resolves when no thread of
 * it runs any more, to what lets it go on.
 */
export async function holdStill(
  service: Pick<ClusterService, 'name' | 'pid' | 'signal'>,
): Promise<() => void> {
  service.signal('SIGSTOP');
  await waitUntil(
    `${service.name} stands still`,
    () => statesOf(service.pid()),
    (states) => states.every((state) => state === 'T'),
  );
  return () => service.signal('SIGCONT');
}

/** Of the threads, a letter each. */
async function statesOf(pid: number): Promise<readonly string[]> {
  const states: string[] = [];
  for (const thread of await readdir(`/proc/${pid}/task`)) {
    const text = await readFile(`/proc/${pid}/task/${thread}/stat`, 'utf8');
    // The name before it is in brackets, and may hold anything.
    states.push(text.charAt(text.lastIndexOf(')') + 2));
  }
  return states;
}
