import type { HighVolumeTier, ObjectId } from '@holdfast/domain';
import type { ManualClock } from '../manual-clock.js';

/** A fresh, empty tier and what a test needs to control about it. */
export interface HighVolumeTierUnderTest {
  readonly tier: HighVolumeTier;
  /** The clock that the tier goes by. */
  readonly clock: ManualClock;
  /** Replaces the row's content by bytes that no version of ours has written. */
  damage(id: ObjectId): Promise<void>;
  close(): Promise<void>;
}

export type OpenHighVolumeTier = () => Promise<HighVolumeTierUnderTest>;
