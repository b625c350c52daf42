import { startChild, type Child } from './child-process.js';
import { usecase } from './cleanup-writes.js';
import type { Cluster } from './cluster.js';

/** Where in the steps of a large put its process is held, or dies. */
export const crashPoints = [
  'after-begin',
  'after-record',
  'before-create',
  'in-payload',
  'after-create',
  'after-commit',
] as const;

export type CrashPoint = (typeof crashPoints)[number];

export function isCrashPoint(text: string): text is CrashPoint {
  return crashPoints.some((point) => point === text);
}

/** A key is the points that its put is held at, one after the other, with `+` between them. */
export function keyPointOf(key: string): readonly string[] {
  return key.split('+');
}

/** What such a put writes. */
export function crashingPayload(key: string, bytes: number): Buffer {
  return Buffer.alloc(bytes, `${usecase} ${key} `);
}

export interface CrashingOptions {
  /** How long the changes of these puts are left alone. */
  readonly deadlineMs: number;
  readonly bytes: number;
}

export interface HeldPuts {
  /** Lets them go on to their next points, or to their ends. */
  proceed(): Promise<void>;
  /** Ends their process as the loss of power would. */
  kill(): Promise<void>;
}

/** Overwrites objects from a process of its own, on the storage of the cluster, and holds it there. */
export async function holdPuts(
  { directory }: Pick<Cluster, 'directory'>,
  keys: readonly string[],
  { deadlineMs, bytes }: CrashingOptions,
): Promise<HeldPuts> {
  const child = startChild(new URL('sweep-crash-child.ts', import.meta.url), [
    directory,
    String(deadlineMs),
    String(bytes),
    ...keys,
  ]);
  await nextIs(child, 'held');
  return {
    async proceed() {
      child.proceed();
      const line = await child.nextLine();
      if (line !== 'held' && line !== 'ended') throw new Error(`the child said ${line}`);
    },
    kill: () => child.kill(),
  };
}

async function nextIs(child: Child, expected: string): Promise<void> {
  const line = await child.nextLine();
  if (line !== expected) throw new Error(`the child said ${line}`);
}
