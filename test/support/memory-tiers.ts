import { nativeChecksum as checksum } from '@holdfast/service-kit';
import {
  createMemoryChangeLog,
  createMemoryHighVolumeTier,
  createMemoryLongTermTier,
  type MemoryChangeLog,
  type MemoryHighVolumeTier,
  type MemoryLongTermTier,
} from '@holdfast/testkit';
import type { OpenTiers, Tiers } from './engine/store-under-test.js';

export interface MemoryTiers extends Tiers {
  readonly highVolume: MemoryHighVolumeTier;
  readonly longTerm: MemoryLongTermTier;
  readonly changeLog: MemoryChangeLog;
}

export const openMemoryTiers = (async (clock): Promise<MemoryTiers> => ({
  highVolume: createMemoryHighVolumeTier({ clock }),
  longTerm: createMemoryLongTermTier({ clock, checksum }),
  changeLog: createMemoryChangeLog(),
  close: async () => undefined,
})) satisfies OpenTiers;
