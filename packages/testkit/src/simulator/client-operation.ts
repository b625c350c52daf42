import {
  DomainError,
  later,
  parseObjectId,
  type ObjectId,
  type Revision,
  type Timestamp,
  type WriteCondition,
} from '@holdfast/domain';
import {
  isUnknownOutcome,
  metadataOf,
  sourceOf,
  ttlMs,
  writerOf,
  type EngineProcess,
} from './engine-process.js';
import type { CallBoard } from './call-board.js';
import type { Action, HistoryEntry, IdleRead, Result } from './history.js';
import type { ClientOperation } from './plan.js';

/** Keys that differ as little as keys can, in contexts that look alike. */
const objectIds: readonly ObjectId[] = [
  parseObjectId({ usecase: 'u', scopes: [{ name: 'a', value: '1' }], key: 'k' }),
  parseObjectId({ usecase: 'u', scopes: [{ name: 'a', value: '1' }], key: 'k/objects/k' }),
  parseObjectId({ usecase: 'u', scopes: [{ name: 'a', value: '11' }], key: 'k' }),
];

export const listContext = { usecase: 'u', scopes: [] };

export function objectIdOf(key: number): ObjectId {
  const id = objectIds[key];
  if (id === undefined) throw new Error(`a plan has at most ${objectIds.length} keys`);
  return id;
}

/** What a client operation needs to know of the world. */
export interface Callers {
  step(): number;
  now(): Timestamp;
  keyCount: number;
  /** The revision that callers last saw of a key. */
  seen(key: number): Revision | undefined;
  saw(key: number, revision: Revision | undefined): void;
  writerOf(revision: Revision): number | undefined;
  /** Nobody can read the key's row any more. */
  isUnreadable(key: number): boolean;
  fail(what: string): void;
}

/** An operation that was sent. Its entry tells what is known of it so far. */
export interface SentOperation {
  ended(): boolean;
  entries(): readonly HistoryEntry[];
  /** The use of an object that this was, whether or not it came to its end. */
  idleRead(): IdleRead | undefined;
}

export function startOperation(
  operation: ClientOperation,
  { process, engine, lastStamp }: EngineProcess,
  board: CallBoard,
  callers: Callers,
): SentOperation {
  const invoked = callers.step();
  const timeInvoked = callers.now();
  const entries: HistoryEntry[] = [];
  let ended = false;
  let used: Revision | undefined;
  let timeEnded: Timestamp | undefined;

  function note(key: number, action: Action, result: Result): void {
    const answered = result.kind !== 'unknown';
    entries.push({
      process: process.index,
      key,
      invoked,
      returned: answered ? callers.step() : Infinity,
      timeInvoked,
      timeReturned: callers.now(),
      action,
      result,
    });
    if (result.kind === 'saw') callers.saw(key, result.revision);
    if (result.kind === 'done' && action.kind === 'put') callers.saw(key, action.revision);
    ended = true;
  }

  const condition = conditionOf(operation, callers);

  function writeAction(): Action | undefined {
    if (operation.kind === 'delete') return { kind: 'delete', condition };
    const stamp = lastStamp();
    if (operation.kind !== 'put' || stamp === undefined) return undefined;
    const lifetime = operation.lifetime ?? 'manual';
    const expires = lifetime === 'manual' ? undefined : later(stamp.time, ttlMs);
    return { kind: 'put', revision: stamp.revision, expires, lifetime, condition };
  }

  function noteWrite(key: number, result: Result): void {
    const action = writeAction();
    if (action === undefined) ended = true;
    else note(key, action, result);
  }

  function fail(error: unknown): void {
    if (!(error instanceof DomainError)) callers.fail(`process ${process.index}: ${String(error)}`);
  }

  async function write(key: number, send: () => Promise<Result>): Promise<void> {
    try {
      noteWrite(key, await send());
    } catch (error) {
      fail(error);
      noteWrite(key, { kind: isUnknownOutcome(error) ? 'unknown' : 'no-effect' });
    }
  }

  async function read(send: () => Promise<void>): Promise<void> {
    try {
      await send();
    } catch (error) {
      fail(error);
      ended = true;
    }
  }

  async function run(): Promise<void> {
    switch (operation.kind) {
      case 'put': {
        const { key, size, lifetime = 'manual' } = operation;
        return write(key, async () => {
          const payload = sourceOf(board, process, size);
          const request = { id: objectIdOf(key), metadata: metadataOf(lifetime), payload };
          return resultOf(await engine.putObject({ ...request, condition }));
        });
      }
      case 'delete': {
        const id = objectIdOf(operation.key);
        const ifRevision = condition?.kind === 'if-revision' ? condition.revision : undefined;
        return write(operation.key, async () =>
          resultOf(await engine.deleteObject({ id, ifRevision })),
        );
      }
      case 'head':
        return read(async () => {
          const found = await engine.headObject(objectIdOf(operation.key));
          const revision = found.kind === 'found' ? found.metadata.revision : undefined;
          note(operation.key, { kind: 'read' }, { kind: 'saw', revision });
        });
      case 'get':
        return read(() => get(operation.key)).finally(() => {
          timeEnded = callers.now();
        });
      case 'list':
        return read(list);
    }
  }

  async function get(key: number): Promise<void> {
    const id = objectIdOf(key);
    const got = await engine.getObject({ id });
    if (got.kind !== 'found') {
      return note(key, { kind: 'read' }, { kind: 'saw', revision: undefined });
    }
    const { revision, size } = got.metadata;
    used = revision;
    const writer = await writerOf(id, got.payload, size);
    if (writer !== callers.writerOf(revision)) {
      callers.fail(`${id.path} read as ${revision} has the bytes of process ${writer}`);
    }
    note(key, { kind: 'read' }, { kind: 'saw', revision });
  }

  async function list(): Promise<void> {
    const seen = new Map<string, Revision>();
    let pageToken: string | undefined;
    do {
      const page = await engine.listObjects({ ...listContext, pageSize: 2, pageToken });
      for (const { id, metadata } of page.objects) seen.set(id.path, metadata.revision);
      pageToken = page.nextPageToken;
    } while (pageToken !== undefined);
    for (let key = 0; key < callers.keyCount; key += 1) {
      if (callers.isUnreadable(key)) continue;
      const revision = seen.get(objectIdOf(key).path);
      note(key, { kind: 'read' }, { kind: 'saw', revision });
    }
  }

  void run();
  return {
    ended: () => ended,
    entries() {
      // A process that is gone, or not heard of yet, may have sent its write.
      if (!ended && (operation.kind === 'put' || operation.kind === 'delete')) {
        noteWrite(operation.key, { kind: 'unknown' });
      }
      return entries;
    },
    idleRead() {
      if (operation.kind !== 'get') return undefined;
      const timeReturned = timeEnded ?? process.timeKilled ?? Infinity;
      return { key: operation.key, revision: used, timeInvoked, timeReturned };
    },
  };
}

function conditionOf(operation: ClientOperation, callers: Callers): WriteCondition | undefined {
  if (operation.kind !== 'put' && operation.kind !== 'delete') return undefined;
  if (operation.condition === undefined) return undefined;
  const revision = callers.seen(operation.key);
  if (operation.condition === 'if-seen' && revision !== undefined) {
    return { kind: 'if-revision', revision };
  }
  return operation.kind === 'put' ? { kind: 'if-absent' } : undefined;
}

type WriteOutcome =
  | { readonly kind: 'stored' | 'deleted' | 'fenced' }
  | { readonly kind: 'precondition-failed'; readonly current: Revision | undefined };

function resultOf(outcome: WriteOutcome): Result {
  switch (outcome.kind) {
    case 'stored':
    case 'deleted':
      return { kind: 'done' };
    case 'fenced':
      return { kind: 'no-effect' };
    case 'precondition-failed':
      return { kind: 'refused', current: outcome.current };
  }
}
