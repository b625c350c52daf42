import {
  blobNameOf,
  changeIdOf,
  later,
  parseStoragePath,
  type Change,
  type EngineEvent,
  type ObjectMetadata,
  type Revision,
} from '@holdfast/domain';
import { createCountingIds } from '../counting-ids.js';
import { createAudit, type Audit } from './audit.js';
import { createCallBoard, type CallBoard, type Process } from './call-board.js';
import { startCleanup, type CleanupDuty } from './cleanup-process.js';
import {
  objectIdOf,
  startOperation,
  type Callers,
  type SentOperation,
} from './client-operation.js';
import type { Coverage } from './coverage.js';
import {
  activityOf,
  bytesOf,
  metadataOf,
  startEngine,
  ttlMs,
  type EngineProcess,
} from './engine-process.js';
import type { HistoryEntry, IdleRead } from './history.js';
import { nothing, type KeyContent } from './linearizability.js';
import type { ClientOperation, KeyState, Lifetime, SimulationPlan } from './plan.js';
import { createSimulatedSweeps, type SimulatedSweeps } from './simulated-sweeps.js';
import { mix, summaryOf } from './state-hash.js';
import { createStores, openHonestTable, type Stores } from './stores.js';
import type { Variant } from './variant.js';

/** The stores, every process that ever ran, and every message under way between them. */
export interface World {
  readonly plan: SimulationPlan;
  readonly stores: Stores;
  readonly board: CallBoard;
  readonly audit: Audit;
  /** What each key held before the first operation. */
  readonly initial: readonly KeyContent[];
  readonly callers: Callers;
  startClient(operation: ClientOperation): SentOperation;
  startCleanup(duty: CleanupDuty): Process;
  readonly sweeps: SimulatedSweeps;
  processes(): readonly Process[];
  /** Ends the step: whatever happens next happens after everything so far. */
  endStep(): void;
  history(): HistoryEntry[];
  /** In the order of their beginnings. */
  idleReads(): IdleRead[];
  /** Which operations had ended before which were sent: all that real time can tell about them. */
  orderText(): string;
  /** The first thing that should not have happened. */
  failure(): string | undefined;
  fail(what: string): void;
  /** Bits of a stored blob were flipped: damage may be reported, though never served. */
  damaged: boolean;
  /** What the entries said that nobody can read any more. */
  readonly unreadableChanges: readonly Change[];
  spoilRow(): void;
  spoilChange(): void;
  /** What callers know of the keys. */
  seenText(): string;
}

/** Processes that existed before the first operation wrote the initial content. */
const initialWriter = 200;

export interface WorldOptions {
  readonly coverage?: Coverage | undefined;
  /** Whether anybody tells states apart. */
  readonly hashes: boolean;
}

export function createWorld(
  plan: SimulationPlan,
  variant: Variant,
  { coverage, hashes }: WorldOptions,
): World {
  const stores = createStores(variant.openTable ?? openHonestTable, hashes);
  const board = createCallBoard({ coverage, hashes, now: () => stores.clock.now() });
  const processes: Process[] = [];
  const sent: SentOperation[] = [];
  const endedBefore: string[] = [];
  const ended = (): string => sent.map((operation) => (operation.ended() ? '1' : '0')).join('');
  const seen = new Map<number, Revision | undefined>();
  const writers = new Map<Revision, number>();
  const unreadableChanges: Change[] = [];
  let failure: string | undefined;
  let step = 0;

  const callers: Callers = {
    step: () => step,
    now: () => stores.clock.now(),
    keyCount: plan.keys.length,
    seen: (key) => seen.get(key),
    saw: (key, revision) => seen.set(key, revision),
    writerOf: (revision) => writers.get(revision),
    isUnreadable: (key) =>
      stores.highVolume.snapshot().get(objectIdOf(key).path)?.unreadable === true,
    fail,
  };

  function fail(what: string): void {
    failure ??= what;
  }

  function report(event: EngineEvent): void {
    if (event.kind === 'dangling-tombstone') fail(`a tombstone of ${event.id.path} dangles`);
    if (event.kind === 'damaged-object' && !world.damaged)
      fail(`${event.id.path} reads as damaged`);
  }

  const seenText = (): string => summaryOf([...seen]);

  function start(activity: string, task: unknown): EngineProcess {
    const process: Process = {
      index: processes.length,
      activity,
      alive: true,
      timeKilled: undefined,
      troubled: false,
      history: hashes ? mix(0, String(stores.clock.now()), seenText(), summaryOf(task)) : 0,
      sent: new Map(),
    };
    processes.push(process);
    const meddle = variant.meddle ?? ((_, dependencies) => dependencies);
    const { clockSkewMs, readerGraceMs } = plan;
    const wrote = (revision: Revision, writer: number): void => {
      writers.set(revision, writer);
    };
    return startEngine(
      { process, clockSkewMs, readerGraceMs, meddle, wrote, report },
      board,
      stores,
    );
  }

  const initial = plan.keys.map((state, key) => {
    const content = prepareKey(stores, key, state);
    if (content.revision !== undefined) writers.set(content.revision, initialWriter + key);
    seen.set(key, content.revision);
    return content;
  });

  const world: World = {
    plan,
    stores,
    board,
    audit: createAudit(plan, stores),
    initial,
    callers,
    startClient(operation) {
      const operationSent = startOperation(
        operation,
        start(activityOf(operation), operation),
        board,
        callers,
      );
      endedBefore.push(ended());
      sent.push(operationSent);
      return operationSent;
    },
    startCleanup(duty) {
      const started = start(duty.kind, duty);
      const { pageMax } = plan;
      startCleanup(duty, started, { board, stores, variant, pageMax, fail });
      return started.process;
    },
    sweeps: createSimulatedSweeps({
      board,
      stores,
      variant,
      pageMax: plan.pageMax,
      fail,
      damageFound() {
        if (!world.damaged) fail('a sweep finds damage where there is none');
      },
      startProcess: start,
    }),
    processes: () => processes,
    endStep() {
      step += 1;
    },
    history: () => sent.flatMap((operation) => operation.entries()),
    idleReads: () => sent.flatMap((operation) => operation.idleRead() ?? []),
    orderText: () => `${endedBefore.join()} ${ended()}`,
    failure: () => failure,
    fail,
    damaged: false,
    unreadableChanges,
    spoilRow() {
      const rows = [...stores.highVolume.snapshot()];
      const found = rows.find(([, { unreadable }]) => !unreadable);
      if (found !== undefined) stores.highVolume.damage(parseStoragePath(found[0]));
    },
    spoilChange() {
      const [change] = stores.changeLog.snapshot();
      if (change === undefined) return;
      unreadableChanges.push(change);
      stores.changeLog.damage(change.changeId);
    },
    seenText,
  };
  return world;
}

/** Puts a key into its first state, directly and without anything going wrong. */
function prepareKey(stores: Stores, key: number, state: KeyState): KeyContent {
  if (state === 'absent') return nothing;
  const { clock, highVolume, longTerm, checksum } = stores;
  const isSmall = state.endsWith('small');
  const id = objectIdOf(key);
  const expired = state.startsWith('expired');
  const revision = createCountingIds(clock, initialWriter + key).revision();
  const idle = state.startsWith('idle');
  const lifetime = lifetimeOf(state);
  const expires = expired || idle ? later(clock.now(), idle ? ttlMs / 2 : 0) : undefined;
  const payload = bytesOf(initialWriter + key, isSmall ? 'small' : 'large');
  const metadata: ObjectMetadata = {
    ...metadataOf(lifetime),
    revision,
    timeCreated: later(clock.now(), -ttlMs),
    timeExpires: expires,
    size: payload.length,
    crc32c: checksum.crc32c(payload, 0),
  };
  if (isSmall) {
    void highVolume.putInline(id, { kind: 'inline', metadata, payload });
  } else {
    const blob = blobNameOf(id, revision);
    longTerm.insert(blob, metadata, payload);
    if (state === 'orphan') return nothing;
    void highVolume.begin(id, changeIdOf(revision));
    void highVolume.commit(id, changeIdOf(revision), { kind: 'tombstone', metadata, blob });
  }
  return { revision, expires, expiryMoves: idle };
}

function lifetimeOf(state: KeyState): Lifetime {
  if (state.startsWith('idle')) return 'tti';
  return state.startsWith('expired') ? 'ttl' : 'manual';
}
