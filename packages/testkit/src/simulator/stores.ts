import type {
  BlobPage,
  Change,
  ChangeId,
  ChangeLog,
  Checksum,
  Clock,
  CleanupJob,
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

export interface QueuedJob {
  readonly changeId: ChangeId;
  readonly attempts: number;
  /** No honest queue hands it out before. */
  readonly notBefore: Timestamp;
  /** What the change was when the job was queued. No honest worker looks at it. */
  readonly hearsay: Change | undefined;
}

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
  readonly jobs: Map<ChangeId, QueuedJob>;
  enqueue(job: CleanupJob, notBefore: Timestamp): void;
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

export function createStores(openTable: OpenTable): Stores {
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
  const jobs = new Map<ChangeId, QueuedJob>();
  let before: Promise<BlobPage> | undefined;
  let names = '';

  return {
    clock,
    checksum,
    highVolume: openTable(clock),
    longTerm,
    changeLog,
    jobs,
    enqueue(job, notBefore) {
      if (job.kind !== 'settle-change') return;
      const { changeId } = job;
      // One that waits swallows its like, and so does one that a worker has.
      if (jobs.has(changeId)) return;
      const hearsay = changeLog.snapshot().find((change) => change.changeId === changeId);
      jobs.set(changeId, { changeId, attempts: 0, notBefore, hearsay });
    },
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
