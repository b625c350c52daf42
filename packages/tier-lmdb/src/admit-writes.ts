import { storageFull, toFault } from './lmdb-errors.js';
import { bytesOf, type PendingWrite } from './pending-write.js';
import type { SpaceGauge } from './space-gauge.js';

/**
 * Answers the operations of a batch that there is room for, in their order, and fails the others: a
 * large one that does not fit keeps no smaller one after it from being stored. What needs no space
 * goes through whatever the gauge says, and also when the gauge cannot be read.
 */
export function admitWrites(
  batch: readonly PendingWrite[],
  space: SpaceGauge,
): readonly PendingWrite[] {
  if (bytesOf(batch) === 0) return batch;
  const { roomBytes, refusal } = readGauge(space);
  let leftBytes = roomBytes;
  return batch.filter((operation) => {
    const fits = operation.bytes <= leftBytes;
    if (fits) leftBytes -= operation.bytes;
    else operation.fail(refusal());
    return fits;
  });
}

interface Reading {
  readonly roomBytes: number;
  readonly refusal: () => Error;
}

function readGauge(space: SpaceGauge): Reading {
  try {
    return { roomBytes: space.roomBytes(), refusal: () => storageFull() };
  } catch (error) {
    return { roomBytes: 0, refusal: () => toFault(error) };
  }
}
