import { maintenance } from '@holdfast/contracts';
import type { Timestamp, UsecaseUsage } from '@holdfast/domain';
import type { UnaryHandler } from '@holdfast/rpc';
import type { MaintenanceDependencies } from './dependencies.js';

const { DescribeStorageResponse } = maintenance;

/**
 * Describes the tiers, what waits for cleaning and, if asked, what is stored and what is to be freed; or
 * tells the time alone, which no number of changes delays.
 */
export function createDescribeStorage({
  engine,
  tiers,
  clock,
}: Pick<MaintenanceDependencies, 'engine' | 'tiers' | 'clock'>): UnaryHandler<
  maintenance.DescribeStorageRequest,
  maintenance.DescribeStorageResponse
> {
  async function readTimes(signal: AbortSignal) {
    const time = clock.now();
    // Nothing comes between the two: whoever compares them takes the difference for that of clocks.
    const longTermTime = await tiers.longTermTime?.(signal);
    return { time: dateOf(time), longTermTime: dateOf(longTermTime) };
  }

  return async ({ includeUsage, includeUnreferenced, onlyTime }, { signal }) => {
    if (onlyTime) return DescribeStorageResponse.fromPartial(await readTimes(signal));
    const described = await engine.describeStorage({ includeUsage, includeUnreferenced, signal });
    const times = await readTimes(signal);
    return {
      highVolumeTier: tiers.highVolume,
      longTermTier: tiers.longTerm,
      inlineThresholdBytes: BigInt(described.inlineThresholdBytes),
      ...times,
      pendingChanges: BigInt(described.pendingChanges),
      oldestChangeTime: dateOf(described.oldestChangeTime),
      usage: described.usage.map(usageMessage),
      uncountedBlobs:
        described.uncountedBlobs === undefined ? undefined : BigInt(described.uncountedBlobs),
    };
  };
}

function dateOf(time: Timestamp | undefined): Date | undefined {
  return time === undefined ? undefined : new Date(time);
}

function usageMessage(usage: UsecaseUsage): maintenance.UsecaseUsage {
  return {
    usecase: usage.usecase ?? '',
    objects: BigInt(usage.objects),
    inlineBytes: BigInt(usage.inlineBytes),
    blobBytes: BigInt(usage.blobBytes),
    unreferencedBytes: BigInt(usage.unreferencedBytes),
  };
}
