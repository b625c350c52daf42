import { createRowFixtures, type RowFixtures } from './row-fixtures.js';
import type { HighVolumeTierUnderTest, OpenHighVolumeTier } from './tier-under-test.js';

/** The tier of the running test. */
export interface CurrentTier {
  get(): HighVolumeTierUnderTest & { readonly make: RowFixtures };
}

/** Opens a tier for the enclosing suite, whose tests share it and use ids of their own. */
export function useSharedTier(open: OpenHighVolumeTier): CurrentTier {
  const current = createCurrent(open);
  before(() => current.enter());
  after(() => current.leave());
  return current;
}

/** Opens an empty tier for each test of the enclosing suite. */
export function useEmptyTier(open: OpenHighVolumeTier): CurrentTier {
  const current = createCurrent(open);
  beforeEach(() => current.enter());
  afterEach(() => current.leave());
  return current;
}

function createCurrent(open: OpenHighVolumeTier) {
  let opened: ReturnType<CurrentTier['get']> | undefined;
  return {
    async enter(): Promise<void> {
      const tier = await open();
      opened = { ...tier, make: createRowFixtures(tier.clock) };
    },
    async leave(): Promise<void> {
      await opened?.close();
    },
    get(): ReturnType<CurrentTier['get']> {
      if (opened === undefined) throw new Error('no test is running');
      return opened;
    },
  };
}
