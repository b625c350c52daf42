import { status } from '@grpc/grpc-js';
import { maintenance } from '@holdfast/contracts';
import { blobNameOf, changeIdOf, limits, parseObjectId, type Change } from '@holdfast/domain';
import { createCountingIds } from '@holdfast/testkit';
import assert from 'node:assert/strict';
import { createDiscardChanges } from '../../../services/tiered-store/src/maintenance/discard-changes.js';
import { createListChanges } from '../../../services/tiered-store/src/maintenance/list-changes.js';
import { createSettleChange } from '../../../services/tiered-store/src/maintenance/settle-change.js';
import { failAll, failNext, holdNext } from '../../support/engine/hold.js';
import { large, largeBytes } from '../../support/engine/payloads.js';
import { arrange, presentOf, unavailable } from '../../support/engine/situations.js';
import { idOf, useStore } from '../../support/engine/store-under-test.js';
import { assertRefused, callContext, dependenciesOf, errorOf } from '../../support/maintenance.js';
import { openMemoryTiers } from '../../support/memory-tiers.js';

const { BlobState, SettleOutcome } = maintenance;
const unknownId = '018bcfe5-6800-7fff-bfff-ffffffffffff';
const tooMany = Array.from({ length: 1_001 }, () => unknownId);

describe('SettleChange', () => {
  const store = useStore(openMemoryTiers);

  async function settle(more: Partial<maintenance.SettleChangeRequest>) {
    const request = { changeIds: [], onlyDue: false, dryRun: false, ignoreReaders: false, ...more };
    const { results } = await createSettleChange(dependenciesOf(store()))(request, callContext());
    return results;
  }

  /** A change that replaced a large object. */
  async function replaced(key: string): Promise<Change> {
    await arrange(store(), idOf(key), 'large', 1);
    await arrange(store(), idOf(key), 'large', 2);
    await store().atRest();
    return (await store().changes()).find(({ objectId }) => objectId.key === key) ?? assert.fail();
  }

  it('answers each change by itself, in the order of the request', async () => {
    const changes = [];
    for (const key of ['a', 'b', 'c']) changes.push(await replaced(key));
    const [a, b, c] = changes.map(({ changeId }) => changeId);
    assert(a !== undefined && b !== undefined && c !== undefined);
    const unhook = store().highVolume.hook('fence', {
      before: (id) => {
        if (id.key === 'b') throw unavailable();
      },
    });
    const changeIds = [unknownId, c, b, 'no id', a, a];
    const results = await settle({ changeIds, ignoreReaders: true });
    unhook();
    assert.deepEqual(
      results.map(({ changeId }) => changeId),
      changeIds,
    );
    const outcomes = results.map(
      ({ result }) => result?.$case === 'settled' && result.value.outcome,
    );
    assert.deepEqual(outcomes.slice(0, 4), [
      SettleOutcome.ALREADY_RESOLVED,
      SettleOutcome.COMMITTED,
      false,
      SettleOutcome.ALREADY_RESOLVED,
    ]);
    const error = errorOf(results[2]?.result);
    assert.deepEqual([error.code, error.reason], [status.UNAVAILABLE, 'TIER_UNAVAILABLE']);
    assert.match(error.message, /is unavailable: (?!nothing was done)/, 'who mends it hears why');
    assert.deepEqual((await store().holdings()).changes, [b]);
  });

  it('tells the blobs of a change, and when to ask again', async () => {
    const change = await replaced('a');
    const { changeId, oldBlob, deadline } = change;
    const until = new Date(store().clock.now() + limits.readerGraceMs);
    assert(oldBlob !== undefined);
    const kept = { blob: oldBlob, state: BlobState.AWAITING_READERS, size: 0n };
    assert.deepEqual(await settle({ changeIds: [changeId] }), [
      settled(change, SettleOutcome.AWAITING_READERS, [kept], until),
    ]);
    assert.deepEqual(await settle({ changeIds: [changeId], onlyDue: true }), [
      settled(change, SettleOutcome.STILL_YOUNG, [], new Date(deadline)),
    ]);
    const size = BigInt(largeBytes);
    assert.deepEqual(await settle({ changeIds: [changeId], dryRun: true, ignoreReaders: true }), [
      settled(change, SettleOutcome.COMMITTED, [
        { blob: oldBlob, state: BlobState.RECLAIMABLE, size },
      ]),
    ]);
    store().clock.advance(limits.readerGraceMs);
    assert.deepEqual(await settle({ changeIds: [changeId] }), [
      settled(change, SettleOutcome.COMMITTED, [{ blob: oldBlob, state: BlobState.DELETED, size }]),
    ]);
  });

  it('tells the change as the log has it, also where it could not be settled', async () => {
    const change = await replaced('a');
    let reads = 0;
    store().changeLog.hook('get', { before: () => void (reads += 1) });
    for (const step of ['fence', 'readHead'] as const) {
      failNext(store().highVolume, step, unavailable());
      const [result] = await settle({ changeIds: [change.changeId] });
      assert.equal(errorOf(result?.result).reason, 'TIER_UNAVAILABLE');
      assert.deepEqual(result?.change, shown(change));
    }
    failNext(store().longTerm, 'remove', unavailable());
    const [failed] = await settle({ changeIds: [change.changeId], ignoreReaders: true });
    assert.equal(errorOf(failed?.result).reason, 'TIER_UNAVAILABLE');
    assert.deepEqual(failed?.change, shown(change));
    const [settledNow] = await settle({ changeIds: [change.changeId], ignoreReaders: true });
    assert.deepEqual(settledNow?.change, shown(change));
    assert.equal(reads, 4, 'the log is read once for each');
  });

  it('tells no change where the log has none, or cannot be read', async () => {
    const change = await replaced('a');
    const results = await settle({ changeIds: [unknownId, 'no id'] });
    assert.deepEqual(
      results.map((result) => result.change),
      [undefined, undefined],
    );
    failNext(store().changeLog, 'get', unavailable());
    const [unread] = await settle({ changeIds: [change.changeId] });
    assert.equal(errorOf(unread?.result).reason, 'TIER_UNAVAILABLE');
    assert.equal(unread?.change, undefined);
    store().tiers.changeLog.damage(change.changeId);
    const [damaged] = await settle({ changeIds: [change.changeId] });
    assert.equal(errorOf(damaged?.result).reason, 'UNREADABLE');
    assert.equal(damaged?.change, undefined);
  });

  it('tells a writer that lost its change so', async () => {
    const old = await arrange(store(), idOf('a'), 'large', 1);
    await store().atRest();
    const commit = holdNext(store().highVolume, 'commit');
    const writing = store().put(idOf('a'), large(2));
    await commit.reached;
    const [change] = await store().changes();
    assert(change?.newBlob !== undefined && old !== undefined);
    const { changeId, newBlob } = change;
    const size = BigInt(largeBytes);
    assert.deepEqual(await settle({ changeIds: [changeId], ignoreReaders: true }), [
      settled(change, SettleOutcome.SUPERSEDED, [
        { blob: newBlob, state: BlobState.DELETED, size },
        { blob: old, state: BlobState.LIVE, size },
      ]),
    ]);
    commit.release();
    assert.deepEqual(await writing, { kind: 'fenced' });
  });

  it('writes one line about entries that failed, with what their caller is not told', async () => {
    const { changeId } = await replaced('a');
    failNext(store().highVolume, 'fence', unavailable());
    const dependencies = dependenciesOf(store());
    const request = { changeIds: [changeId, unknownId], onlyDue: false, dryRun: false };
    await createSettleChange(dependencies)({ ...request, ignoreReaders: false }, callContext());
    assert.deepEqual(
      dependencies.lines.map(({ fields }) => [fields['failed'], String(fields['error'])]),
      [[1, String(unavailable())]],
    );
  });

  it('begins nothing any more once its caller has gone', async () => {
    const { changeId } = await replaced('a');
    const gone = new Error('gone');
    const request = { changeIds: [changeId], onlyDue: false, dryRun: false, ignoreReaders: true };
    const context = callContext(AbortSignal.abort(gone));
    const settling = createSettleChange(dependenciesOf(store()))(request, context);
    await assert.rejects(settling, gone);
    assert.deepEqual((await store().holdings()).changes, [changeId]);
  });

  it('settles a change once that is named often', async () => {
    const { changeId, oldBlob } = await replaced('a');
    const changeIds = Array.from({ length: 1_000 }, () => changeId);
    const results = await settle({ changeIds, ignoreReaders: true });
    const deleted = results.flatMap(({ result }) => {
      assert(result?.$case === 'settled', 'each is settled, or was');
      return result.value.blobs.filter(({ state }) => state === BlobState.DELETED);
    });
    assert.deepEqual(
      deleted.map(({ blob }) => blob),
      [oldBlob],
    );
    assert.deepEqual((await store().holdings()).changes, []);
  });

  it('settles no more than its answer has room for, and says so', async () => {
    const changes = await recordLongChanges(1_000);
    let left = changes;
    for (let calls = 0; left.length > 0; calls += 1) {
      assert(calls < 5, 'each call comes further');
      const results = await settle({ changeIds: left });
      const frame = maintenance.SettleChangeResponse.encode({ results }).finish();
      assert(frame.length < 2 * 1024 ** 2, `an answer of ${frame.length} bytes can be sent`);
      const unsettled = results.filter(({ result }) => result?.$case === 'error');
      for (const { result } of unsettled) assert.equal(errorOf(result).reason, 'AT_CAPACITY');
      assert(left.length - unsettled.length >= Math.min(left.length, 290));
      left = unsettled.map(({ changeId }) => changeId);
    }
    assert.deepEqual((await store().holdings()).changes, []);
  });

  it('answers for as many changes that fail as fit into its answer', async () => {
    const changeIds = await recordLongChanges(1_000);
    const unhook = failAll(store().highVolume, 'fence', unavailable());
    const results = await settle({ changeIds });
    unhook();
    const frame = maintenance.SettleChangeResponse.encode({ results }).finish();
    assert(frame.length < 2 * 1024 ** 2, `an answer of ${frame.length} bytes can be sent`);
    const reasons = new Set(results.map(({ result }) => errorOf(result).reason));
    assert.deepEqual(reasons, new Set(['TIER_UNAVAILABLE', 'AT_CAPACITY']));
  });

  /** Entries with names as long as they may be, and as many scopes. */
  async function recordLongChanges(count: number): Promise<string[]> {
    const scopes = Array.from({ length: limits.scopesMax }, (_, at) => ({
      name: `scope${at}`,
      value: 'v',
    }));
    const { usecase } = idOf('x');
    const room =
      limits.storagePathBytesMax - parseObjectId({ usecase, scopes, key: 'k' }).path.length;
    const objectId = parseObjectId({ usecase, scopes, key: 'k'.repeat(room + 1) });
    const ids = createCountingIds(store().clock, 9);
    const changeIds: string[] = [];
    for (let n = 0; n < count; n += 1) {
      const changeId = changeIdOf(ids.revision());
      const newBlob = blobNameOf(objectId, ids.revision());
      const oldBlob = blobNameOf(objectId, ids.revision());
      const deadline = store().clock.now();
      // Its readers have had their time.
      const readersUntil = deadline;
      await store().tiers.changeLog.record({
        changeId,
        objectId,
        newBlob,
        oldBlob,
        deadline,
        readersUntil,
      });
      changeIds.push(changeId);
    }
    return changeIds;
  }

  it('refuses no changes, and too many', async () => {
    for (const changeIds of [[], tooMany]) {
      await assertRefused(settle({ changeIds }), 'INVALID_BATCH', 'change_ids');
    }
    assert.equal((await settle({ changeIds: tooMany.slice(1) })).length, 1_000);
  });
});

function settled(
  change: Change,
  outcome: maintenance.SettleOutcome,
  blobs: readonly maintenance.BlobOutcome[],
  deadline?: Date,
): maintenance.SettleResult {
  const result = { $case: 'settled' as const, value: { outcome, blobs, deadline } };
  return { changeId: change.changeId, change: shown(change), result };
}

/** The change as a message has it. */
function shown({ changeId, objectId, newBlob, oldBlob, deadline }: Change): maintenance.Change {
  const { usecase, scopes, key } = objectId;
  const id = { usecase, scopes, key };
  return { changeId, objectId: id, newBlob, oldBlob, deadline: new Date(deadline) };
}

describe('DiscardChanges', () => {
  const store = useStore(openMemoryTiers);
  const reason = 'its blob cannot be deleted';

  async function oneChange(): Promise<Change> {
    await arrange(store(), idOf('a'), 'large', 1);
    await arrange(store(), idOf('a'), 'large', 2);
    await store().atRest();
    const [change] = await store().changes();
    return change ?? assert.fail();
  }

  it('tells the change as it was, deletes nothing, and writes down who wanted it and why', async () => {
    const change = await oneChange();
    const { blobs } = await store().holdings();
    const dependencies = dependenciesOf(store());
    const discard = createDiscardChanges(dependencies);
    const changeIds = [change.changeId, unknownId, 'no id'];
    const { results } = await discard({ changeIds, reason }, callContext());
    assert.deepEqual(
      results,
      [shown(change), undefined, undefined].map((was, index) => ({
        changeId: changeIds[index],
        result: { $case: 'discarded', value: { change: was } },
      })),
    );
    assert.deepEqual(await store().holdings(), { blobs: presentOf(...blobs), changes: [] });
    const { changeId, newBlob, oldBlob } = change;
    assert.deepEqual(dependencies.lines, [
      {
        message: 'a change was discarded',
        fields: {
          audit: true,
          changeId,
          object: change.objectId.path,
          newBlob,
          oldBlob,
          reason,
          requestId: 'request-1',
          peer: 'ipv4:127.0.0.1:1',
        },
      },
    ]);
  });

  it('keeps on the log what cannot be given up', async () => {
    const { changeId } = await oneChange();
    failNext(store().highVolume, 'fence', unavailable());
    const discard = createDiscardChanges(dependenciesOf(store()));
    const { results } = await discard({ changeIds: [changeId], reason }, callContext());
    assert.equal(errorOf(results[0]?.result).reason, 'TIER_UNAVAILABLE');
    assert.deepEqual((await store().holdings()).changes, [changeId]);
  });

  it('refuses no changes, too many, and a reason that is missing or too long', async () => {
    const discard = createDiscardChanges(dependenciesOf(store()));
    const call = (changeIds: string[], why: string) =>
      discard({ changeIds, reason: why }, callContext());
    await assertRefused(call([], reason), 'INVALID_BATCH', 'change_ids');
    await assertRefused(call(tooMany, reason), 'INVALID_BATCH', 'change_ids');
    for (const why of ['', 'x'.repeat(1_001), '\u{1f600}'.repeat(1_001)]) {
      await assertRefused(call([unknownId], why), 'INVALID_BATCH', 'reason');
    }
    for (const why of ['x', 'x'.repeat(1_000), '\u{1f600}'.repeat(1_000)]) {
      assert.equal((await call([unknownId], why)).results.length, 1);
    }
  });
});

describe('ListChanges', () => {
  const store = useStore(openMemoryTiers);
  const first = { dueAt: undefined, pageSize: 0, pageToken: '' };

  it('lists changes oldest first, and shows what cannot be read and why', async () => {
    for (const key of ['a', 'b', 'c']) {
      await arrange(store(), idOf(key), 'large', 1);
      await arrange(store(), idOf(key), 'nothing');
    }
    await store().atRest();
    const [a, b, c] = await store().changes();
    assert(a !== undefined && b !== undefined && c !== undefined);
    store().tiers.changeLog.damage(b.changeId);
    const list = createListChanges(dependenciesOf(store()));
    const page = await list(first, callContext());
    assert.deepEqual(
      page.changes.map(({ changeId, oldBlob, newBlob, deadline }) => [
        changeId,
        oldBlob,
        newBlob,
        deadline?.getTime(),
      ]),
      [a, c].map((change) => [change.changeId, change.oldBlob, undefined, change.deadline]),
    );
    assert.deepEqual(
      page.undecided.map(({ where }) => where),
      [b.changeId],
    );
    assert.match(page.undecided[0]?.why ?? '', /cannot be read/);
    assert.equal(page.nextPageToken, '');

    const one = await list({ ...first, pageSize: 1 }, callContext());
    assert.notEqual(one.nextPageToken, '');
    const rest = await list({ ...first, pageToken: one.nextPageToken }, callContext());
    assert.deepEqual(
      [...one.changes, ...rest.changes].map(({ changeId }) => changeId),
      [a.changeId, c.changeId],
    );
  });

  it('lists only what is due, if asked, and nothing before there was time', async () => {
    await arrange(store(), idOf('a'), 'large', 1);
    await arrange(store(), idOf('a'), 'large', 2);
    await store().atRest();
    const list = createListChanges(dependenciesOf(store()));
    const due = async (ms: number): Promise<number> =>
      (await list({ ...first, dueAt: new Date(ms) }, callContext())).changes.length;
    const [{ deadline } = assert.fail()] = await store().changes();
    assert.deepEqual([await due(deadline), await due(deadline - 1), await due(-1)], [1, 0, 0]);
    await assertRefused(due(NaN), 'INVALID_PAGE', 'due_at');
  });

  it('refuses a page that is too large, and the token of another list', async () => {
    const list = createListChanges(dependenciesOf(store()));
    const tooLarge = list({ ...first, pageSize: 1_001 }, callContext());
    await assert.rejects(tooLarge, { code: 'INVALID_PAGE', message: /^page_size/ });
    const wrong = list({ ...first, pageToken: 'blobs-1:x' }, callContext());
    await assert.rejects(wrong, { code: 'INVALID_PAGE', message: /^page_token/ });
  });
});
