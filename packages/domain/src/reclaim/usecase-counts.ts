import type { UsecaseCount } from '../usecase-count.js';

export interface UsecaseCounter {
  examined(usecase: string): void;
  removed(usecase: string, bytes: number): void;
  counts(): readonly UsecaseCount[];
}

/** Holds one entry for each usecase it hears of: for work that is bounded itself. */
export function createUsecaseCounter(): UsecaseCounter {
  const counts = new Map<string, UsecaseCount>();

  function add(usecase: string, examined: number, removed: number, freedBytes: number): void {
    const before = counts.get(usecase);
    counts.set(usecase, {
      usecase,
      examined: (before?.examined ?? 0) + examined,
      removed: (before?.removed ?? 0) + removed,
      freedBytes: (before?.freedBytes ?? 0) + freedBytes,
    });
  }

  return {
    examined: (usecase) => add(usecase, 1, 0, 0),
    removed: (usecase, bytes) => add(usecase, 0, 1, bytes),
    counts: () => [...counts.values()],
  };
}
