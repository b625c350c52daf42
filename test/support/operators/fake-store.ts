import { maintenance, rpc } from '@holdfast/contracts';
import {
  blobNameOf,
  changeIdOf,
  parseObjectId,
  type ChangeId,
  type Revision,
} from '@holdfast/domain';
import { reasonError, statusBytes, toRpcError } from '@holdfast/rpc';
import type { OperatorDependencies } from '../../../services/cleanup-worker/src/operators/dependencies.js';

const { BlobState, SettleOutcome } = maintenance;

export interface FakeStore {
  readonly store: OperatorDependencies['store'];
  /** Changes on the log. */
  readonly log: Map<string, LoggedChange>;
  /** Blobs in the long-term tier that nothing needs. */
  readonly orphans: Map<string, bigint>;
  /** Asked before a call does anything; what it throws is what the call fails with. */
  before: (what: Call) => void;
  /** Asked after a call has done everything: the answer is lost. */
  after: (what: Call) => void;
  /** Of single entries; what it throws is what the entry fails with. */
  beforeEntry: (what: Call, id: string) => void;
  /** What was called, and with how many entries. */
  readonly calls: string[];
  /** Puts a change of an object on the log, which has replaced a blob of so many bytes. */
  addChange(usecase: string, bytes?: bigint): ChangeId;
}

export interface LoggedChange {
  readonly change: maintenance.Change;
  /** Of its old blob. */
  readonly bytes: bigint;
}

type Call = keyof OperatorDependencies['store'];

export function createFakeStore(): FakeStore {
  let made = 0;

  async function answer<Answer>(
    what: Call,
    ids: readonly string[],
    options: { readonly dryRun?: boolean | undefined },
    one: (id: string) => Answer,
  ): Promise<Answer[]> {
    fake.calls.push(`${what} ${ids.length}${options.dryRun === true ? ' dry' : ''}`);
    fake.before(what);
    const answers = ids.map(one);
    fake.after(what);
    return answers;
  }

  const fake: FakeStore = {
    log: new Map(),
    orphans: new Map(),
    calls: [],
    before: () => undefined,
    after: () => undefined,
    beforeEntry: () => undefined,
    addChange(usecase, bytes = 1_000n) {
      made += 1;
      const changeId = changeIdOf(revisionNumber(2 * made));
      const objectId = parseObjectId({
        usecase,
        scopes: [{ name: 'org', value: '42' }],
        key: `key-${made}`,
      });
      const newBlob = blobNameOf(objectId, revisionNumber(2 * made));
      const oldBlob = blobNameOf(objectId, revisionNumber(2 * made + 1));
      const { scopes, key } = objectId;
      const change = { changeId, newBlob, oldBlob, deadline: new Date(0) };
      fake.log.set(changeId, {
        change: { ...change, objectId: { usecase, scopes, key } },
        bytes,
      });
      return changeId;
    },
    store: {
      settle: (ids, options) => answer('settle', ids, options, (id) => settleResult(fake, id)),
      reclaim: (blobs, options) =>
        answer('reclaim', blobs, options, (blob) => reclaimResult(fake, blob)),
      discard: (ids, _reason, options) =>
        answer('discard', ids, options as object, (id) => discardResult(fake, id)),
    },
  };
  return fake;
}

export function revisionNumber(number: number): Revision {
  return `018bcfe5-6800-7000-8000-${number.toString(16).padStart(12, '0')}` as Revision;
}

export function storeDown(): Error {
  return reasonError('TIER_UNAVAILABLE', 'no tiered store can be reached');
}

function settleResult(fake: FakeStore, changeId: string): maintenance.SettleResult {
  const logged = fake.log.get(changeId);
  const failed = failure(fake, 'settle', changeId);
  if (failed !== undefined) return { changeId, result: failed, change: undefined };
  if (logged === undefined) {
    const value = { outcome: SettleOutcome.ALREADY_RESOLVED, blobs: [], deadline: undefined };
    return { changeId, result: { $case: 'settled', value }, change: undefined };
  }
  const { change, bytes } = logged;
  const blobs = [
    { blob: change.newBlob ?? '', state: BlobState.LIVE, size: 77n },
    { blob: change.oldBlob ?? '', state: BlobState.RECLAIMABLE, size: bytes },
  ];
  const value = { outcome: SettleOutcome.COMMITTED, blobs, deadline: undefined };
  return { changeId, result: { $case: 'settled', value }, change };
}

function reclaimResult(fake: FakeStore, blob: string): maintenance.ReclaimResult {
  const failed = failure(fake, 'reclaim', blob);
  if (failed !== undefined) return { blob, result: failed };
  const size = fake.orphans.get(blob) ?? 0n;
  const state = fake.orphans.has(blob) ? BlobState.RECLAIMABLE : BlobState.ABSENT;
  return { blob, result: { $case: 'outcome', value: { blob, state, size } } };
}

function discardResult(fake: FakeStore, changeId: string): maintenance.DiscardResult {
  const failed = failure(fake, 'discard', changeId);
  if (failed !== undefined) return { changeId, result: failed };
  const change = fake.log.get(changeId)?.change;
  fake.log.delete(changeId);
  return { changeId, result: { $case: 'discarded', value: { change } } };
}

function failure(fake: FakeStore, what: Call, id: string) {
  try {
    fake.beforeEntry(what, id);
    return undefined;
  } catch (error) {
    const value = rpc.Status.decode(statusBytes(toRpcError(error)));
    return { $case: 'error' as const, value };
  }
}
