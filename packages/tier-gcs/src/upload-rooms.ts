import type { Clock } from '@holdfast/domain';
import { chunkUnitBytes, type GcsLimits } from './options.js';
import { createPermits } from './permits.js';

/**
 * What uploads may hold of their payloads, in units of 256 KiB, all of them together. Every upload has
 * a unit for as long as it lasts, so that none ever waits for another once it has begun. What it takes
 * beyond it is an equal share, and a quarter of all units is left to uploads that are still to come:
 * with few uploads parts are large and two of them are held at a time, with many they are small.
 */
export interface UploadRooms {
  /** Waits for a turn, and for the first unit; fails with `TIER_UNAVAILABLE` when that takes too long. */
  enter(signal: AbortSignal): Promise<UploadRoom>;
  /** What is taken at present. */
  takenBytes(): number;
}

export interface UploadRoom {
  /**
   * Takes a unit for a part that has so many; false if there is none for it. The only part of an
   * upload always gets its first.
   */
  grow(partUnits: number): boolean;
  /** A part of so many units is not held any more. */
  giveBack(partUnits: number): void;
  leave(): void;
}

export function createUploadRooms(limits: GcsLimits, clock: Clock): UploadRooms {
  const { uploadsMax, uploadWaitMsMax } = limits;
  const unitsMax = Math.floor(limits.bufferBytesMax / chunkUnitBytes);
  const unitsKept = Math.floor(unitsMax / 4);
  const partUnitsMax = limits.chunkBytes / chunkUnitBytes;
  const turns = createPermits('uploads', uploadsMax, clock);
  const units = createPermits('parts of uploads', unitsMax, clock);
  let active = 0;

  const share = (): number => Math.max(1, Math.floor((unitsMax - unitsKept) / active));

  async function firstUnit(since: number, signal: AbortSignal): Promise<() => void> {
    const leftMs = uploadWaitMsMax - Math.max(0, clock.now() - since);
    return units.take(Math.max(1, leftMs), signal);
  }

  function roomOf(first: () => void, endTurn: () => void): UploadRoom {
    const taken = [first];
    let used = 0;
    let isFirstPart = true;
    active += 1;

    return {
      grow(partUnits) {
        // So that the next part can be gathered while this one is sent.
        const longest = isFirstPart ? share() : Math.max(1, Math.floor(share() / 2));
        if (partUnits >= Math.min(longest, partUnitsMax)) return false;
        if (used === taken.length) {
          const unit = taken.length < share() ? units.tryTake(unitsKept) : undefined;
          if (unit === undefined) return false;
          taken.push(unit);
        }
        if (partUnits === 0 && used > 0) isFirstPart = false;
        used += 1;
        return true;
      },

      giveBack(partUnits) {
        isFirstPart = false;
        used -= partUnits;
        for (const release of taken.splice(Math.max(1, used))) release();
      },

      leave() {
        active -= 1;
        for (const release of taken.splice(0)) release();
        endTurn();
      },
    };
  }

  return {
    async enter(signal) {
      const since = clock.now();
      const endTurn = await turns.take(uploadWaitMsMax, signal);
      try {
        return roomOf(await firstUnit(since, signal), endTurn);
      } catch (error) {
        endTurn();
        throw error;
      }
    },

    takenBytes: () => units.taken() * chunkUnitBytes,
  };
}
