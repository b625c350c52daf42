import {
  contentTypeDefault,
  createEngine,
  limits,
  manualExpiration,
  noCustomPairs,
  parseObjectId,
  type BlobName,
  type CallerMetadata,
  type Change,
  type ChangeId,
  type ChangeLog,
  type CleanupJob,
  type CleanupProducer,
  type Clock,
  type EngineEvent,
  type EngineOptions,
  type HighVolumeTier,
  type LongTermTier,
  type ObjectId,
  type ObjectMetadata,
  type PutOutcome,
  type PutRequest,
  type StorageEngine,
  type Timestamp,
} from '@holdfast/domain';
import { nativeChecksum as checksum } from '@holdfast/service-kit';
import {
  createCountingIds,
  createManualClock,
  withHooks,
  type HookedPort,
  type ManualClock,
} from '@holdfast/testkit';
import assert from 'node:assert/strict';
import { listAll } from '../stored-blobs.js';
import { collect, inChunks, thresholdBytes } from './payloads.js';

/** Empty tiers of one test. */
export interface Tiers {
  readonly highVolume: HighVolumeTier;
  readonly longTerm: LongTermTier;
  readonly changeLog: ChangeLog;
  close(): Promise<void>;
}

export type OpenTiers<Opened extends Tiers = Tiers> = (clock: Clock) => Promise<Opened>;

export interface OfferedJob {
  readonly job: CleanupJob;
  readonly notBefore: Timestamp;
}

/** What a store is seen to hold, the row aside. */
export interface Holdings {
  readonly blobs: readonly BlobName[];
  readonly changes: readonly ChangeId[];
}

/** An engine on tiers that a test can interfere with and look into. */
export interface StoreUnderTest<Opened extends Tiers = Tiers> {
  /** The one that is running; `atRest` replaces it. */
  readonly engine: StorageEngine;
  readonly clock: ManualClock;
  /** Without hooks. */
  readonly tiers: Opened;
  readonly highVolume: HookedPort<HighVolumeTier>;
  readonly longTerm: HookedPort<LongTermTier>;
  readonly changeLog: HookedPort<ChangeLog>;
  readonly queue: HookedPort<CleanupProducer>;
  readonly events: readonly EngineEvent[];
  /** What is on the queue. */
  readonly jobs: readonly OfferedJob[];
  put(id: ObjectId, bytes: Uint8Array, more?: Partial<PutRequest>): Promise<PutOutcome>;
  /** Puts, and expects that to work. */
  store(id: ObjectId, bytes: Uint8Array, more?: Partial<PutRequest>): Promise<ObjectMetadata>;
  /** The object's bytes, `undefined` if there is none. */
  fetch(id: ObjectId): Promise<Uint8Array | undefined>;
  holdings(): Promise<Holdings>;
  changes(): Promise<readonly Change[]>;
  /** Waits for all that goes on behind the answers: closes the engine and opens another. */
  atRest(): Promise<void>;
  /** Another engine on the same tiers, as another process has it. */
  anotherEngine(other?: Partial<EngineOptions>): StorageEngine;
  /** Does those jobs of the queue whose time has come, as a worker does. */
  work(): Promise<void>;
  /** Lets the readers' grace pass and does what is on the queue, until nothing is left on it. */
  cleanUp(): Promise<void>;
  close(): Promise<void>;
}

/** Never waited for in full: the clock does not move while an engine drains. */
const drainMsMax = 3_600_000;
const pageMax = 1_000;
/** A job may find that a blob has only just lost its name; the one that it asks for deletes it. */
const cleanupRoundsMax = 2;

export const plainMetadata: CallerMetadata = {
  contentType: contentTypeDefault,
  expiration: manualExpiration,
  custom: noCustomPairs,
};

export function expiringAfter(ms: number): { readonly metadata: CallerMetadata } {
  return { metadata: { ...plainMetadata, expiration: { kind: 'ttl', ms } } };
}

export function idOf(key: string): ObjectId {
  return parseObjectId({ usecase: 'engine', scopes: [{ name: 'org', value: '17' }], key });
}

/** Opens a store for each test of the enclosing suite. */
export function useStore<Opened extends Tiers>(
  openTiers: OpenTiers<Opened>,
  options: Partial<EngineOptions> = {},
): () => StoreUnderTest<Opened> {
  let current: StoreUnderTest<Opened> | undefined;
  beforeEach(async () => {
    current = await openStore(openTiers, options);
  });
  afterEach(() => current?.close());
  return () => {
    assert(current !== undefined, 'a test is running');
    return current;
  };
}

async function openStore<Opened extends Tiers>(
  openTiers: OpenTiers<Opened>,
  options: Partial<EngineOptions>,
): Promise<StoreUnderTest<Opened>> {
  const clock = createManualClock();
  const ids = createCountingIds(clock);
  const tiers = await openTiers(clock);
  const highVolume = withHooks<HighVolumeTier>(tiers.highVolume);
  const longTerm = withHooks<LongTermTier>(tiers.longTerm);
  const changeLog = withHooks<ChangeLog>(tiers.changeLog);
  const events: EngineEvent[] = [];
  const jobs: OfferedJob[] = [];
  const queue = withHooks<CleanupProducer>({
    enqueue: async (job, notBefore) => void jobs.push({ job, notBefore }),
  });
  const newEngine = (other: Partial<EngineOptions> = {}): StorageEngine =>
    createEngine(
      { inlineThresholdBytes: thresholdBytes, ...options, ...other },
      {
        highVolume: highVolume.port,
        longTerm: longTerm.port,
        changeLog: changeLog.port,
        cleanupQueue: queue.port,
        clock,
        ids,
        checksum,
        observer: { report: (event) => events.push(event) },
      },
    );
  let engine = newEngine();

  async function put(
    id: ObjectId,
    bytes: Uint8Array,
    more: Partial<PutRequest> = {},
  ): Promise<PutOutcome> {
    return engine.putObject({ id, metadata: plainMetadata, payload: inChunks(bytes), ...more });
  }

  async function changes(): Promise<readonly Change[]> {
    return (await tiers.changeLog.list({ examinedMax: pageMax })).changes;
  }

  async function atRest(): Promise<void> {
    assert.equal(await engine.close(drainMsMax), 0, 'nothing is running any more');
    engine = newEngine();
  }

  async function work(): Promise<void> {
    const due = jobs.filter(({ notBefore }) => notBefore <= clock.now());
    for (const offered of due) {
      jobs.splice(jobs.indexOf(offered), 1);
      assert(offered.job.kind === 'settle-change');
      const { changeId } = offered.job;
      const how = { youngChange: 'settle', unnamedBlobs: 'keep-for-readers' } as const;
      await engine.settleChange({ changeId, ...how });
    }
  }

  return {
    get engine() {
      return engine;
    },
    clock,
    tiers,
    highVolume,
    longTerm,
    changeLog,
    queue,
    events,
    jobs,
    put,
    async store(id, bytes, more) {
      const outcome = await put(id, bytes, more);
      assert(outcome.kind === 'stored', `the put was answered ${outcome.kind}`);
      return outcome.metadata;
    },
    async fetch(id) {
      const outcome = await engine.getObject({ id });
      return outcome.kind === 'found' ? collect(outcome.payload) : undefined;
    },
    async holdings() {
      const { blobs } = await listAll(tiers.longTerm);
      return {
        blobs: blobs.map(({ name }) => name).toSorted(),
        changes: (await changes()).map(({ changeId }) => changeId),
      };
    },
    changes,
    atRest,
    anotherEngine: newEngine,
    work,
    async cleanUp() {
      await atRest();
      for (let rounds = 0; rounds === 0 || jobs.length > 0; rounds += 1) {
        assert(rounds < cleanupRoundsMax, 'nothing is put off again and again');
        clock.advance(options.readerGraceMs ?? limits.readerGraceMs);
        await work();
        await atRest();
      }
    },
    async close() {
      await engine.close(0);
      await tiers.close();
    },
  };
}
