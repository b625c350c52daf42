import type { CleanupBed } from './cleanup-bed.js';
import { median } from './measure.js';
import { cpuSecondsOf } from './process-usage.js';
import type { BenchResult } from './report.js';

/** What jobs cost beside time: those of changes, and plain ones. */
export interface CostRecorder {
  /** The jobs are added while this runs, and none of them is worked off. */
  adding(whose: Jobs, count: number, add: () => Promise<void>): Promise<void>;
  /** They are worked off while this runs. */
  working(whose: Jobs, count: number, work: () => Promise<void>): Promise<void>;
  results(name: string): readonly BenchResult[];
}

export type Jobs = 'changes' | 'plain';

interface Spent {
  jobs: number;
  worker: number;
  redis: number;
  store: number;
  /** Bytes of a job, round by round. */
  readonly memory: number[];
}

type Who = 'worker' | 'redis' | 'store';

export function recordCost({ redis, store, worker, noop }: CleanupBed): CostRecorder {
  const spent: Readonly<Record<Jobs, Spent>> = { changes: nothing(), plain: nothing() };

  function cpuSeconds(whose: Jobs): readonly (readonly [Who, number])[] {
    const ofRedis = ['redis', cpuSecondsOf(redis.pid())] as const;
    if (whose === 'plain') return [ofRedis, ['worker', cpuSecondsOf(noop.pid)]];
    return [ofRedis, ['worker', cpuSecondsOf(worker.pid)], ['store', cpuSecondsOf(store.pid)]];
  }

  async function usedMemory(): Promise<number> {
    const info = String(await redis.send('INFO', 'memory'));
    return Number(/^used_memory:(\d+)/m.exec(info)?.[1] ?? Number.NaN);
  }

  return {
    async adding(whose, count, add) {
      const before = await usedMemory();
      await add();
      spent[whose].memory.push(((await usedMemory()) - before) / count);
    },

    async working(whose, count, work) {
      const before = cpuSeconds(whose);
      await work();
      spent[whose].jobs += count;
      for (const [index, [who, seconds]] of cpuSeconds(whose).entries()) {
        spent[whose][who] += seconds - (before[index]?.[1] ?? 0);
      }
    },

    results(name) {
      const { changes, plain } = spent;
      const cpu = (who: string, ofChange: number, ofPlainJob: number): BenchResult =>
        resultOf(`${name}: ${who}`, ofChange, ofPlainJob, 'CPU µs');
      return [
        cpu('worker', perJob(changes, 'worker'), perJob(plain, 'worker')),
        cpu('Redis', perJob(changes, 'redis'), perJob(plain, 'redis')),
        cpu('store, against a plain worker', perJob(changes, 'store'), perJob(plain, 'worker')),
        cpu('all together', sumPerJob(changes), sumPerJob(plain)),
        resultOf(
          'Redis memory of a pending job',
          median(changes.memory),
          median(plain.memory),
          'bytes',
        ),
      ];
    },
  };
}

function nothing(): Spent {
  return { jobs: 0, worker: 0, redis: 0, store: 0, memory: [] };
}

function perJob(spent: Spent, who: Who): number {
  return (spent[who] * 1e6) / spent.jobs;
}

function sumPerJob(spent: Spent): number {
  return perJob(spent, 'worker') + perJob(spent, 'redis') + perJob(spent, 'store');
}

function resultOf(name: string, value: number, baseline: number, unit: string): BenchResult {
  return { name, value, baseline, ratio: value / baseline, unit };
}
