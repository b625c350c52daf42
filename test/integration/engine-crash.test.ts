import {
  later,
  parseRevision,
  type Clock,
  type Revision,
  type StorageEngine,
  type Timestamp,
} from '@holdfast/domain';
import { systemClock } from '@holdfast/service-kit';
import { isLinearizable, type Action, type HistoryEntry, type Result } from '@holdfast/testkit';
import assert from 'node:assert/strict';
import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { startChild } from '../support/child-process.js';
import {
  crashIdOf,
  crashKeys,
  crashPayload,
  type CrashAction,
  type CrashLine,
  type CrashResult,
} from '../support/crash-child.js';
import { openEmbeddedStore, type EmbeddedStore } from '../support/embedded-store.js';

/** HOLDFAST_CRASHES=2000 runs as many; each takes about a second. */
const crashes = Number(process.env['HOLDFAST_CRASHES'] ?? 30);
const linesBeforeCrashMax = 400;
const secondsPerCrashMax = 20;
const child = new URL('../support/crash-child.ts', import.meta.url);
/** Every change of a killed process is due by then. */
const deadlineMs = 2 * 3_600_000;
const afterDeadlines: Clock = {
  ...systemClock,
  now: () => later(systemClock.now(), deadlineMs),
};

/** The keys' contents, as the numbers of the operations that wrote them. */
type Contents = readonly (number | undefined)[];

interface SentOperation {
  readonly number: number;
  readonly key: number;
  readonly action: CrashAction;
  readonly invoked: number;
  /** Never, for what was under way when the process died. */
  returned: number;
  result: CrashResult | 'unknown';
}

/** What the crashes met and left: a test in which nothing happens proves nothing. */
interface Tally {
  readonly acknowledged: Map<CrashAction, number>;
  interrupted: number;
  changesSettled: number;
  blobsFreed: number;
}

describe('the engine on LMDB and the file system', function () {
  this.timeout(crashes * secondsPerCrashMax * 1000);

  it(`loses nothing and leaves nothing in ${crashes} crashes at random points`, async () => {
    const directory = await mkdtemp(join(tmpdir(), 'holdfast-crash-'));
    const tally: Tally = {
      acknowledged: new Map(),
      interrupted: 0,
      changesSettled: 0,
      blobsFreed: 0,
    };
    let contents: Contents = Array.from({ length: crashKeys }, () => undefined);
    let operation = 1;
    for (let crash = 0; crash < crashes; crash += 1) {
      const sent = await runUntilKilled(directory, operation);
      operation += sent.length;
      addTo(tally, sent);
      contents = await checkAfterCrash(directory, contents, sent, tally).catch((error: unknown) => {
        throw new Error(`crash ${crash}; what it left is in ${directory}`, { cause: error });
      });
    }
    await rm(directory, { recursive: true });
    checkTally(tally);
  });
});

async function checkAfterCrash(
  directory: string,
  before: Contents,
  sent: readonly SentOperation[],
  tally: Tally,
): Promise<Contents> {
  const store = await openEmbeddedStore(directory, afterDeadlines, { readerGraceMs: 0 });
  const found = await readAll(store.engine);
  checkHistory(before, sent, found);
  await recover(store, tally);
  assert.deepEqual(await readAll(store.engine), found, 'recovery changed what is read');
  assert.deepEqual(store.events, []);
  await checkAtRest(store, directory);
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
function checkTally({ acknowledged, interrupted, changesSettled, blobsFreed }: Tally): void {
  for (const action of ['put-small', 'put-large', 'put-if-absent', 'delete'] as const) {
    assert.ok((acknowledged.get(action) ?? 0) >= crashes, `${action} was hardly ever acknowledged`);
  }
  assert.ok(interrupted >= crashes, `only ${interrupted} operations were interrupted`);
  assert.ok(changesSettled > 0 && blobsFreed > 0, 'the crashes left nothing to clean up');
}

/** Lets the child work until it has said so many lines, and kills it in the middle of the next. */
async function runUntilKilled(directory: string, first: number): Promise<SentOperation[]> {
  const started = startChild(child, [directory, String(first)]);
  const sent = new Map<number, SentOperation>();
  let time = 0;
  const note = (text: string): void => {
    const line = JSON.parse(text) as CrashLine;
    time += 1;
    if ('begin' in line) {
      const { begin: number, key, action } = line;
      sent.set(number, {
        number,
        key,
        action,
        invoked: time,
        returned: Infinity,
        result: 'unknown',
      });
      return;
    }
    const operation = sent.get(line.end);
    assert(operation !== undefined, 'an operation ends that never began');
    operation.result = line.result;
    operation.returned = time;
  };

  const lines = 1 + Math.floor(Math.random() * linesBeforeCrashMax);
  for (let count = 0; count < lines; count += 1) {
    const line = await started.nextLine();
    if (line === undefined) break;
    note(line);
  }
  await started.kill();
  // What it said before it died counts. A line may be cut off: that operation never began.
  for (;;) {
    const line = await started.nextLine();
    if (line === undefined) break;
    if (line.endsWith('}')) note(line);
  }
  return [...sent.values()];
}

/** Reads every key and proves that each is exactly one write, whole. */
async function readAll(engine: StorageEngine): Promise<Contents> {
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

/** Every acknowledged operation and what is read afterwards fit into one order. */
function checkHistory(before: Contents, sent: readonly SentOperation[], found: Contents): void {
  for (let key = 0; key < crashKeys; key += 1) {
    const entries = sent.filter((operation) => operation.key === key).map(entryOf);
    const read: Result = { kind: 'saw', revision: revisionOf(found[key]) };
    entries.push(
      entry(Number.MAX_SAFE_INTEGER - 1, Number.MAX_SAFE_INTEGER, { kind: 'read' }, read),
    );
    const initial = {
      revision: revisionOf(before[key]),
      expires: undefined,
      expiryMoves: false,
    };
    const told = (): string => JSON.stringify({ initial, entries, found: found[key] });
    assert.ok(isLinearizable(initial, entries), `no order explains key ${key}: ${told()}`);
  }
}

function entryOf({ number, action, invoked, returned, result }: SentOperation): HistoryEntry {
  return entry(invoked, returned, actionOf(number, action), resultOf(result));
}

function entry(invoked: number, returned: number, action: Action, result: Result): HistoryEntry {
  const time = 0 as Timestamp;
  const times = { timeInvoked: time, timeReturned: time };
  return { process: 0, key: 0, invoked, returned, ...times, action, result };
}

function actionOf(number: number, action: CrashAction): Action {
  if (action === 'delete') return { kind: 'delete', condition: undefined };
  const revision = revisionOf(number);
  assert(revision !== undefined);
  const condition = action === 'put-if-absent' ? ({ kind: 'if-absent' } as const) : undefined;
  return { kind: 'put', revision, expires: undefined, lifetime: 'manual', condition };
}

function resultOf(result: SentOperation['result']): Result {
  // The child does not tell which object it was refused for: that it had no effect is what counts.
  return { kind: result === 'refused' ? 'no-effect' : result };
}

function revisionOf(operation: number | undefined): Revision | undefined {
  if (operation === undefined) return undefined;
  return parseRevision(`00000000-0000-7000-8000-${operation.toString(16).padStart(12, '0')}`);
}

/** What the sweeps do. */
async function recover({ engine, blobs }: EmbeddedStore, tally: Tally): Promise<void> {
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
  await blobs.removeAbandoned({ olderThanMs: 0, examinedMax: 10_000 });
}

/** No change on the log, no orphan, no fragment, and every byte in the long-term tier is named. */
async function checkAtRest({ dependencies, engine }: EmbeddedStore, directory: string) {
  const { changeLog, longTerm, highVolume } = dependencies;
  assert.deepEqual((await changeLog.list({ examinedMax: 10 })).changes, []);
  const named = new Map<string, number>();
  for (let key = 0; key < crashKeys; key += 1) {
    const row = await highVolume.readHead(crashIdOf(key));
    if (row.kind === 'tombstone') named.set(row.blob, row.metadata.size);
  }
  const page = await longTerm.list(undefined, 1_000);
  assert.deepEqual(new Map(page.blobs.map(({ name, size }) => [name, size])), sorted(named, page));
  const { objects } = await engine.listObjects({ usecase: 'test', scopes: [], pageSize: 1_000 });
  const large = objects.filter(({ metadata }) => metadata.size > 1024 * 1024);
  assert.equal(large.length, named.size);
  assert.deepEqual(await readdir(join(directory, 'blobs', 'tmp')), []);
}

/** The same entries in the order of the listing, so that a difference shows as what is missing. */
function sorted(
  named: ReadonlyMap<string, number>,
  page: { readonly blobs: readonly { readonly name: string }[] },
): ReadonlyMap<string, number> {
  const order = page.blobs.map(({ name }) => name);
  return new Map([...named].toSorted(([a], [b]) => order.indexOf(a) - order.indexOf(b)));
}
