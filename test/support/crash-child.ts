import {
  createEngine,
  manualExpiration,
  noCustomPairs,
  parseObjectId,
  type HighVolumeTier,
  type ObjectId,
} from '@holdfast/domain';
import type { StorageSettings } from '@holdfast/storage';
import { withHooks } from '@holdfast/testkit';
import { setTimeout as pause } from 'node:timers/promises';
import { openEngineStore } from './engine-store.js';

/*
 * Puts and deletes on the storage that its argument names until it is killed, and says so before and
 * after each operation, one JSON document a line: `{begin, key, action}` and `{end, result}`, each with
 * the time of a clock that all processes share. Standard output is a pipe, so what it says has left the
 * process when the operation begins. Nothing goes wrong here but its end: any error is fatal.
 */

export type CrashAction = 'put-small' | 'put-large' | 'put-if-absent' | 'delete';
export type CrashResult = 'done' | 'refused' | 'no-effect';
export type CrashLine = { readonly at: number } & CrashEvent;
type CrashEvent =
  | { readonly begin: number; readonly key: number; readonly action: CrashAction }
  | { readonly end: number; readonly result: CrashResult };

export interface CrashWork {
  readonly settings: StorageSettings;
  /** The operations are numbered from here. */
  readonly first: number;
  /** After so many for each key it ends by itself. */
  readonly operationsPerKey: number;
  /** What is ready to commit waits up to this, so that others can come in between. */
  readonly commitDelayMsMax: number;
}

export const crashKeys = 24;
/** So few that every order of them can be tried. */
export const operationsPerKeyMax = 12;
const workers = 8;
const actions: readonly CrashAction[] = ['put-small', 'put-large', 'put-if-absent', 'delete'];
const wordBytes = 4;
const drainMsMax = 30_000;
const MiB = 1024 * 1024;
const metadata = {
  contentType: 'application/octet-stream',
  expiration: manualExpiration,
  custom: noCustomPairs,
};

export function crashIdOf(key: number): ObjectId {
  const scopes = [{ name: 'crash', value: '1' }];
  return parseObjectId({ usecase: 'test', scopes, key: `key ${key}/objects/é` });
}

/** Nothing but the operation's number, over and over: a mixture of two writes would show. */
export function crashPayload(operation: number, bytes: number): Buffer {
  const word = Buffer.alloc(wordBytes);
  word.writeUInt32BE(operation);
  return Buffer.alloc(bytes, word);
}

if (process.argv[1]?.endsWith('crash-child.ts') === true) await run();

async function run(): Promise<void> {
  const work = JSON.parse(process.argv[2] ?? '') as CrashWork;
  const { settings, first, operationsPerKey, commitDelayMsMax } = work;
  const { dependencies, close } = await openEngineStore(settings);
  const highVolume = withHooks<HighVolumeTier>(dependencies.highVolume);
  highVolume.hook('commit', { before: () => pause(Math.random() * commitDelayMsMax) });
  const engine = createEngine({}, { ...dependencies, highVolume: highVolume.port });
  const sent = new Map<number, number>();
  let operation = first;

  function say(event: CrashEvent): void {
    const line: CrashLine = { at: Number(process.hrtime.bigint()), ...event };
    process.stdout.write(`${JSON.stringify(line)}\n`);
  }

  async function perform(number: number, key: number, action: CrashAction): Promise<CrashResult> {
    const id = crashIdOf(key);
    const outcome =
      action === 'delete'
        ? await engine.deleteObject({ id })
        : await engine.putObject({
            id,
            metadata,
            payload: inChunks(crashPayload(number, bytesOf(action))),
            condition: action === 'put-if-absent' ? { kind: 'if-absent' } : undefined,
          });
    if (outcome.kind === 'precondition-failed') return 'refused';
    return outcome.kind === 'fenced' ? 'no-effect' : 'done';
  }

  async function runWorker(): Promise<void> {
    for (;;) {
      const key = Math.floor(Math.random() * crashKeys);
      const count = sent.get(key) ?? 0;
      if (count === operationsPerKey) {
        if (
          sent.size === crashKeys &&
          [...sent.values()].every((done) => done === operationsPerKey)
        )
          return;
        continue;
      }
      sent.set(key, count + 1);
      const number = operation;
      operation += 1;
      const action = actions[Math.floor(Math.random() * actions.length)] ?? 'delete';
      say({ begin: number, key, action });
      say({ end: number, result: await perform(number, key, action) });
    }
  }

  await Promise.all(Array.from({ length: workers }, runWorker));
  await engine.close(drainMsMax);
  await close();
}

function bytesOf(action: CrashAction): number {
  const most = action === 'put-large' ? 3 * MiB : 32 * 1024;
  const words = 1 + Math.floor((Math.random() * most) / wordBytes);
  return words * wordBytes + (action === 'put-large' ? MiB : 0);
}

async function* inChunks(bytes: Buffer): AsyncGenerator<Uint8Array> {
  const chunkBytes = 256 * 1024;
  for (let at = 0; at < bytes.length; at += chunkBytes) yield bytes.subarray(at, at + chunkBytes);
}
