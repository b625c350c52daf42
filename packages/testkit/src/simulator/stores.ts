import type {
  BlobPage,
  ChangeLog,
  Checksum,
  Clock,
  HighVolumeTier,
  ObjectId,
  Timestamp,
} from '@holdfast/domain';
import { createMemoryChangeLog, type MemoryChangeLog } from '../memory-change-log.js';
import {
  createMemoryHighVolumeTier,
  type MemoryHighVolumeTier,
  type StoredRow,
} from '../memory-high-volume-tier.js';
import { createMemoryLongTermTier, type MemoryLongTermTier } from '../memory-long-term-tier.js';
import { simulatedChecksum } from './simulated-checksum.js';
import { createSimulatedLedger, type SimulatedLedger } from './simulated-ledger.js';
import { createSimulatedQueue, type SimulatedQueue } from './simulated-queue.js';

/** The high-volume tier as the world needs it: something to look into and to cut the power of. */
export interface SimulatedTable extends HighVolumeTier {
  snapshot(): ReadonlyMap<string, StoredRow>;
  /** Whatever was acknowledged survives it, if the table keeps its promise. */
  losePower(): void;
  damage(id: ObjectId): void;
}

export type OpenTable = (clock: Clock) => SimulatedTable;

/** What outlives every process of the simulated world. */
export interface Stores {
  readonly clock: Clock & { advance(ms: number): void };
  readonly checksum: Checksum;
  readonly highVolume: SimulatedTable;
  readonly longTerm: MemoryLongTermTier;
  readonly changeLog: ChangeLog & Pick<MemoryChangeLog, 'snapshot' | 'damage'>;
  readonly queue: SimulatedQueue;
  readonly ledger: SimulatedLedger;
  /** What a listing said before the last blob came or went. */
  staleListing(): Promise<BlobPage>;
  beforeBlobsChange(): void;
  /** The names in it. */
  staleNames(): string;
}

const simulationStart = 1_800_000_000_000 as Timestamp;
const listingMax = 1_000;

export function openHonestTable(clock: Clock): SimulatedTable {
  const table: MemoryHighVolumeTier = createMemoryHighVolumeTier({ clock });
  return { ...table, losePower: () => undefined };
}

export function createStores(openTable: OpenTable, hashes: boolean): Stores {
  let now: Timestamp = simulationStart;
  const clock = {
    now: () => now,
    // Nothing in the engine sleeps but its close, which a simulated process does not live to see.
    sleep: () => new Promise<void>(() => undefined),
    advance(ms: number) {
      now = (now + ms) as Timestamp;
    },
  };
  const checksum = simulatedChecksum;
  const longTerm = createMemoryLongTermTier({ clock, checksum });
  const changeLog = createMemoryChangeLog();
  const queue = createSimulatedQueue((changeId) =>
    changeLog.snapshot().find((change) => change.changeId === changeId),
  );
  let before: Promise<BlobPage> | undefined;
  let names = '';

  return {
    clock,
    checksum,
    highVolume: openTable(clock),
    longTerm,
    changeLog,
    queue,
    ledger: createSimulatedLedger(clock, hashes),
    staleListing: () => before ?? longTerm.list(undefined, listingMax),
    beforeBlobsChange() {
      const page = longTerm.list(undefined, listingMax);
      before = page;
      const note = ({ blobs }: BlobPage): void => {
        if (before === page) names = blobs.map(({ name }) => name).join(' ');
      };
      // A listing in memory does not fail.
      page.then(note, () => undefined);
    },
    staleNames: () => names,
  };
}
