export { createManualClock } from './manual-clock.js';
export type { ManualClock } from './manual-clock.js';
export { createMemoryChangeLog } from './memory-change-log.js';
export type { MemoryChangeLog } from './memory-change-log.js';
export { createMemoryHighVolumeTier } from './memory-high-volume-tier.js';
export type { MemoryHighVolumeTier, StoredRow } from './memory-high-volume-tier.js';
export { createCountingIds } from './counting-ids.js';
export { withHooks } from './hooks.js';
export type { Hook, HookableMethod, HookedPort } from './hooks.js';
export { createMemoryLongTermTier } from './memory-long-term-tier.js';
export type {
  MemoryLongTermTier,
  MemoryLongTermTierDependencies,
  StoredBlob,
} from './memory-long-term-tier.js';
export { describeChangeLog } from './contracts/change-log-contract.js';
export type { ChangeLogUnderTest } from './contracts/change-log-contract.js';
export { describeHighVolumeTier } from './contracts/high-volume-tier-contract.js';
export { createRowFixtures, plain } from './contracts/row-fixtures.js';
export type { RowFixtures } from './contracts/row-fixtures.js';
export type { HighVolumeTierUnderTest, OpenHighVolumeTier } from './contracts/tier-under-test.js';
export { describeLongTermTier } from './contracts/long-term-tier-contract.js';
export type { LongTermTierFixture } from './contracts/long-term-tier-fixture.js';
export { createMemoryCleanupQueue } from './memory-cleanup-queue.js';
export type {
  CleanupQueueCounts,
  MemoryCleanupQueue,
  MemoryCleanupQueueDependencies,
} from './memory-cleanup-queue.js';
export { memoryCleanupQueueDefaults } from './memory-cleanup-queue-options.js';
export type { MemoryCleanupQueueOptions } from './memory-cleanup-queue-options.js';
export { createCoverage } from './simulator/coverage.js';
export type { Coverage, CoverageReport } from './simulator/coverage.js';
export { huntSeed } from './simulator/hunt-seed.js';
export { explore } from './simulator/explore.js';
export type { Exploration } from './simulator/explore.js';
export { isLinearizable, nothing } from './simulator/linearizability.js';
export type { KeyContent } from './simulator/linearizability.js';
export type { Action, HistoryEntry, Result } from './simulator/history.js';
export { shrink } from './simulator/shrink.js';
export type { FailingSchedule } from './simulator/shrink.js';
export { simulateSeed } from './simulator/simulate-seed.js';
export type { SeedResult } from './simulator/simulate-seed.js';
export { longPlans, quickPlans, widerPlans } from './simulator/small-plans.js';
export type { SmallPlan } from './simulator/small-plans.js';
export { honest } from './simulator/variant.js';
export type { BrokenVariant, Variant } from './simulator/variant.js';
export { brokenVariants } from './simulator/variants.js';
export { describeCleanupQueue } from './contracts/cleanup-queue-contract.js';
export type {
  CleanupQueueTiming,
  CleanupQueueUnderTest,
  DoomedProcess,
  OpenCleanupQueue,
} from './contracts/cleanup-queue-under-test.js';
export { createMemorySweepLedger, memorySweepLedgerDefaults } from './memory-sweep-ledger.js';
export type { MemorySweepLedger, MemorySweepLedgerOptions } from './memory-sweep-ledger.js';
export { describeSweepLedger } from './contracts/sweep-ledger-contract.js';
export type { OpenSweepLedger, SweepLedgerUnderTest } from './contracts/sweep-ledger-under-test.js';
export { sweptStoreOf } from './swept-store-of-engine.js';
