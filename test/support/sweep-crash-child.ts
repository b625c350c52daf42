import {
  createEngine,
  manualExpiration,
  noCustomPairs,
  parseBlobName,
  parseObjectId,
} from '@holdfast/domain';
import { withHooks } from '@holdfast/testkit';
import { createInterface } from 'node:readline';
import { usecase } from './cleanup-writes.js';
import { openEmbeddedStore } from './embedded-store.js';
import {
  crashingPayload,
  isCrashPoint,
  keyPointOf,
  type CrashPoint,
} from './sweep-crash-points.js';

/*
 * Overwrites one large object for each key that names a point of a put, all at once, and holds each of
 * them there:
 *
 *   {directory} {deadlineMs} {bytes} {key}…
 *
 * It prints `held` whenever all that have not ended are held, and lets them go on to their next point
 * when it is sent a line; `ended` when all have ended. In the meantime it may be killed.
 */
const [directory = '', deadlineMs = '', bytes = '', ...keys] = process.argv.slice(2);

const lines = createInterface({ input: process.stdin })[Symbol.asyncIterator]();
const { dependencies } = await openEmbeddedStore(directory);
let running = keys.length;
let held: (() => void)[] = [];
const passed = new Set<string>();

function say(line: string): void {
  process.stdout.write(`${line}\n`);
}

async function whenAllAreHeld(): Promise<void> {
  if (running === 0 || held.length < running) return;
  say('held');
  await lines.next();
  const released = held;
  held = [];
  for (const release of released) release();
}

/** Once: behind its answer a put may come by a point again. */
async function holdAt(point: CrashPoint, key: string): Promise<void> {
  const place = `${key} ${point}`;
  if (!keyPointOf(key).includes(point) || passed.has(place)) return;
  passed.add(place);
  const released = new Promise<void>((resolve) => held.push(resolve));
  void whenAllAreHeld();
  await released;
}

const highVolume = withHooks(dependencies.highVolume);
highVolume.hook('begin', { after: (_, { key }) => holdAt('after-begin', key) });
highVolume.hook('commit', { after: (_, { key }) => holdAt('after-commit', key) });
const changeLog = withHooks(dependencies.changeLog);
changeLog.hook('record', { after: (_, { objectId: { key } }) => holdAt('after-record', key) });
const longTerm = withHooks(dependencies.longTerm);
longTerm.hook('create', {
  before: (name) => holdAt('before-create', parseBlobName(name)?.id.key ?? ''),
  after: (_, name) => holdAt('after-create', parseBlobName(name)?.id.key ?? ''),
});

const engine = createEngine(
  { inlineThresholdBytes: 1_024, readerGraceMs: 0, changeDeadlineMs: Number(deadlineMs) },
  {
    ...dependencies,
    highVolume: highVolume.port,
    changeLog: changeLog.port,
    longTerm: longTerm.port,
  },
);

async function overwrite(key: string): Promise<void> {
  const id = parseObjectId({ usecase, scopes: [], key });
  const metadata = {
    contentType: 'application/octet-stream',
    expiration: manualExpiration,
    custom: noCustomPairs,
  };
  const { kind } = await engine.putObject({ id, metadata, payload: inHalves(key) });
  if (kind !== 'stored') say(`${key} is ${kind}`);
  running -= 1;
  void whenAllAreHeld();
}

async function* inHalves(key: string): AsyncGenerator<Uint8Array> {
  const payload = crashingPayload(key, Number(bytes));
  yield payload.subarray(0, payload.length / 2);
  await holdAt('in-payload', key);
  yield payload.subarray(payload.length / 2);
}

for (const key of keys) if (!isCrashPoint(keyPointOf(key)[0] ?? '')) throw new Error(key);
await Promise.all(keys.map(overwrite));
say('ended');
await lines.next();
