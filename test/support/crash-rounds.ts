import { later, type Clock, type StorageEngine } from '@holdfast/domain';
import { systemClock } from '@holdfast/service-kit';
import type { StorageSettings } from '@holdfast/storage';
import assert from 'node:assert/strict';
import { crashIdOf, crashKeys, crashPayload, type CrashAction } from './crash-child.js';
import { checkHistory, type Contents, type SentOperation } from './crash-history.js';
import { runUntilKilled } from './crash-process.js';
import { openEngineStore, type EngineStore } from './engine-store.js';
import { listAll } from './stored-blobs.js';

/** A storage that outlives the processes that use it. */
export interface CrashPlace {
  readonly settings: StorageSettings;
  /** Where whoever looks into a failure finds it. */
  readonly where: string;
  /** What there is besides what the ports tell of. */
  leftovers(): Promise<readonly string[]>;
}

/** Every change of a killed process is due by then. */
const deadlineMs = 2 * 3_600_000;
export const afterDeadlines: Clock = {
  ...systemClock,
  now: () => later(systemClock.now(), deadlineMs),
};

/** What the crashes met and left: a test in which nothing happens proves nothing. */
export interface Tally {
  readonly acknowledged: Map<CrashAction, number>;
  interrupted: number;
  changesSettled: number;
  blobsFreed: number;
}

export function newTally(): Tally {
  return { acknowledged: new Map(), interrupted: 0, changesSettled: 0, blobsFreed: 0 };
}

/**
 * Has processes work on the place and kills each at a random point, after which nothing may be lost,
 * and, once it is cleaned up, nothing left.
 */
export async function crashAgainAndAgain(place: CrashPlace, crashes: number): Promise<void> {
  const tally = newTally();
  let contents: Contents = Array.from({ length: crashKeys }, () => undefined);
  let operation = 1;
  for (let crash = 0; crash < crashes; crash += 1) {
    const sent = await runUntilKilled({ settings: place.settings, first: operation });
    operation += sent.length;
    addTo(tally, sent);
    contents = await checkAfterCrash(place, contents, sent, tally).catch((error: unknown) => {
      throw new Error(`crash ${crash}; what it left is in ${place.where}`, { cause: error });
    });
  }
  checkTally(tally, crashes);
}

async function checkAfterCrash(
  place: CrashPlace,
  before: Contents,
  sent: readonly SentOperation[],
  tally: Tally,
): Promise<Contents> {
  const store = await openEngineStore(place.settings, afterDeadlines, { readerGraceMs: 0 });
  const found = await readAll(store.engine);
  checkHistory(before, sent, found);
  await recover(store, tally);
  assert.deepEqual(await readAll(store.engine), found, 'recovery changed what is read');
  assert.deepEqual(store.events, []);
  await checkAtRest(store, place);
  await store.close();
  return found;
}

function addTo(tally: Tally, sent: readonly SentOperation[]): void {
  for (const { action, result } of sent) {
    if (result === 'unknown') tally.interrupted += 1;
    if (result !== 'done') continue;
    tally.acknowledged.set(action, (tally.acknowledged.get(action) ?? 0) + 1);
  }
}

/** Every kind of operation was acknowledged, and crashes did interrupt some and leave work behind. */
function checkTally(
  { acknowledged, interrupted, changesSettled, blobsFreed }: Tally,
  crashes: number,
): void {
  for (const action of ['put-small', 'put-large', 'put-if-absent', 'delete'] as const) {
    assert.ok((acknowledged.get(action) ?? 0) >= crashes, `${action} was hardly ever acknowledged`);
  }
  assert.ok(interrupted >= crashes, `only ${interrupted} operations were interrupted`);
  assert.ok(changesSettled > 0 && blobsFreed > 0, 'the crashes left nothing to clean up');
}

/** Reads every key and proves that each is exactly one write, whole. */
export async function readAll(engine: StorageEngine): Promise<Contents> {
  const contents: (number | undefined)[] = [];
  for (let key = 0; key < crashKeys; key += 1) {
    const got = await engine.getObject({ id: crashIdOf(key) });
    if (got.kind !== 'found') {
      assert.equal(got.kind, 'not-found');
      contents.push(undefined);
      continue;
    }
    const chunks: Uint8Array[] = [];
    for await (const chunk of got.payload) chunks.push(chunk);
    const bytes = Buffer.concat(chunks);
    const operation = bytes.readUInt32BE(0);
    assert.equal(bytes.length, got.metadata.size);
    assert.ok(bytes.equals(crashPayload(operation, bytes.length)), `key ${key} is a mixture`);
    contents.push(operation);
  }
  return contents;
}

/** What the sweeps do. */
export async function recover({ engine, storage }: EngineStore, tally: Tally): Promise<void> {
  const recovered = await engine.recoverChanges({ examinedMax: 10_000 });
  assert.deepEqual(recovered.failed, []);
  assert.equal(recovered.next, undefined);
  tally.changesSettled += recovered.settled;
  tally.blobsFreed += recovered.freed.length;
  let cursor: string | undefined;
  do {
    const swept = await engine.reclaimOrphans({ cursor, examinedMax: 100, ageMsMin: 0 });
    assert.deepEqual([swept.failed, swept.undecided], [[], []]);
    cursor = swept.next;
  } while (cursor !== undefined);
  await storage.removeAbandoned({ olderThanMs: 0, examinedMax: 10_000 });
}

/** No change on the log, no orphan, no fragment, and every byte in the long-term tier is named. */
export async function checkAtRest({ dependencies, engine }: EngineStore, place: CrashPlace) {
  const { changeLog, longTerm, highVolume } = dependencies;
  assert.deepEqual((await changeLog.list({ examinedMax: 10 })).changes, []);
  const named = new Map<string, number>();
  for (let key = 0; key < crashKeys; key += 1) {
    const row = await highVolume.readHead(crashIdOf(key));
    if (row.kind === 'tombstone') named.set(row.blob, row.metadata.size);
  }
  const { blobs, undecided } = await listAll(longTerm);
  const found = blobs.map(({ name, size }) => [name, size] as const);
  assert.deepEqual(found.toSorted(byName), [...named].toSorted(byName));
  assert.deepEqual(undecided, []);
  const { objects } = await engine.listObjects({ usecase: 'test', scopes: [], pageSize: 1_000 });
  const large = objects.filter(({ metadata }) => metadata.size > 1024 * 1024);
  assert.equal(large.length, named.size);
  assert.deepEqual(await place.leftovers(), []);
}

function byName([left]: readonly [string, number], [right]: readonly [string, number]): number {
  return left < right ? -1 : 1;
}
