import { status } from '@grpc/grpc-js';
import { cleanup } from '@holdfast/contracts';
import type { Timestamp } from '@holdfast/domain';
import { reasonError, RpcError } from '@holdfast/rpc';
import assert from 'node:assert/strict';
import { createListDeadLetters } from '../../../services/cleanup-worker/src/operators/list-dead-letters.js';
import { assertRefused, callContext } from '../../support/maintenance.js';
import { queueDown } from '../../support/operators/fake-queues.js';
import { storeDown } from '../../support/operators/fake-store.js';
import {
  createOperatorsBed,
  filterOf,
  type OperatorsBed,
} from '../../support/operators/operators-bed.js';

const { CleanupQueue } = cleanup;

describe('ListDeadLetters', () => {
  let bed: OperatorsBed;
  beforeEach(() => {
    bed = createOperatorsBed();
  });

  function list(
    filter?: Partial<cleanup.DeadLetterFilter>,
    page: { readonly pageSize?: number; readonly pageToken?: string } = {},
  ): Promise<cleanup.ListDeadLettersResponse> {
    const request = { pageSize: 0, pageToken: '', ...page, filter: filter && filterOf(filter) };
    return createListDeadLetters(bed.dependencies)(request, callContext());
  }

  async function idsOf(filter?: Partial<cleanup.DeadLetterFilter>): Promise<readonly string[]> {
    return (await list(filter)).deadLetters.map(({ id }) => id);
  }

  /** All pages, each as the ids in it. */
  async function pagesOf(
    pageSize: number,
    filter?: Partial<cleanup.DeadLetterFilter>,
  ): Promise<string[][]> {
    const pages: string[][] = [];
    let pageToken = '';
    do {
      const page = await list(filter, { pageSize, pageToken });
      pages.push(page.deadLetters.map(({ id }) => id));
      pageToken = page.nextPageToken;
    } while (pageToken !== '');
    return pages;
  }

  it('tells of a change what it is about, and what it keeps from being freed', async () => {
    const letter = bed.addChangeLetter('photos');
    const changeId = letter.job?.kind === 'settle-change' ? letter.job.changeId : '';
    const change = bed.store.log.get(changeId)?.change;
    assert.deepEqual((await list()).deadLetters, [
      {
        id: letter.id,
        queue: CleanupQueue.CHANGELOG_CLEANUP,
        subject: { $case: 'changeId', value: changeId },
        objectId: change?.objectId,
        // Its new blob is what the object's row names: nobody will delete it.
        blobs: [change?.oldBlob],
        bytes: 1_000n,
        timeFirstEnqueued: new Date(letter.timeFirstEnqueued),
        timeLastAttempt: new Date(letter.timeLastAttempt),
        attempts: 10,
        reason: 'TIER_UNAVAILABLE',
        lastError: 'the store is down',
      },
    ]);
  });

  it('tells the same of an orphan', async () => {
    const letter = bed.addBlobLetter('photos', 500n);
    const blob = letter.job?.kind === 'reclaim-blob' ? letter.job.blob : '';
    const [told] = (await list()).deadLetters;
    assert.equal(told?.queue, CleanupQueue.ORPHAN_RECLAIM);
    assert.deepEqual(told.subject, { $case: 'blob', value: blob });
    assert.deepEqual(told.objectId, { usecase: 'photos', scopes: [], key: 'orphan-1' });
    assert.deepEqual([told.blobs, told.bytes], [[blob], 500n]);
  });

  it('shows a job that it cannot read', async () => {
    const never = Number.NaN as Timestamp;
    const reason = 'UNKNOWN_JOB';
    bed.queues.add({ id: 'orphan-reclaim/x', reason, timeFirstEnqueued: never });
    const [told] = (await list()).deadLetters;
    assert.deepEqual([told?.subject, told?.objectId, told?.blobs], [undefined, undefined, []]);
    assert.equal(told?.queue, CleanupQueue.ORPHAN_RECLAIM);
    assert.equal(told.timeFirstEnqueued, undefined);
    assert.deepEqual(told, (await list({ queue: CleanupQueue.ORPHAN_RECLAIM })).deadLetters[0]);
    assert.deepEqual((await list({ queue: CleanupQueue.CHANGELOG_CLEANUP })).deadLetters, []);
    assert.deepEqual(bed.store.calls, []);
  });

  it('knows no object of a change that is not on the log any more', async () => {
    bed.addChangeLetter();
    bed.store.log.clear();
    const [told] = (await list()).deadLetters;
    assert.deepEqual([told?.objectId, told?.blobs, told?.bytes], [undefined, [], 0n]);
    assert.deepEqual(bed.lines, []);
  });

  it('asks the store once for each kind', async () => {
    for (let at = 0; at < 5; at += 1) {
      bed.addChangeLetter();
      bed.addBlobLetter();
    }
    await list();
    assert.deepEqual(bed.store.calls, ['settle 5 dry', 'reclaim 5 dry']);
  });

  it('lists letters without what the store knows while it does not answer, and says so', async () => {
    bed.addChangeLetter();
    bed.addBlobLetter();
    bed.store.before = () => {
      throw storeDown();
    };
    const [change, blob] = (await list()).deadLetters;
    assert.deepEqual([change?.objectId, change?.blobs, change?.bytes], [undefined, [], 0n]);
    // Of this one the name tells.
    assert.equal(blob?.objectId?.key, 'orphan-1');
    assert.deepEqual(
      bed.lines.map(({ message }) => message),
      ['dead letters are listed without what the store knows of them'],
    );
  });

  it('lists one letter without it where only that fails', async () => {
    const ids = [bed.addChangeLetter(), bed.addChangeLetter()].map(({ job }) =>
      job?.kind === 'settle-change' ? job.changeId : '',
    );
    bed.store.beforeEntry = (_what, id) => {
      if (id === ids[0]) throw storeDown();
    };
    const told = (await list()).deadLetters;
    assert.deepEqual(
      told.map(({ objectId }) => objectId?.key),
      [undefined, 'key-2'],
    );
  });

  it('lists all, oldest first, page by page', async () => {
    for (let at = 0; at < 5; at += 1) bed.addChangeLetter();
    const ids = bed.queues.ids();
    assert.deepEqual(await pagesOf(2), [ids.slice(0, 2), ids.slice(2, 4), ids.slice(4)]);
    assert.deepEqual(await pagesOf(5), [ids]);
    assert.deepEqual(await idsOf(), ids);
  });

  it('looks at no more letters in one call than an answer can carry', async () => {
    for (let at = 0; at < 1_500; at += 1) bed.addChangeLetter();
    const pages = await pagesOf(1_000);
    assert.deepEqual(pages.flat(), bed.queues.ids());
    assert.ok(Math.max(...bed.queues.listed) <= 250);
    assert.equal(pages.length, bed.queues.listed.length);
    const found = await pagesOf(1_000, { reason: 'UNREADABLE' });
    assert.deepEqual(found.flat(), []);
    assert.ok(found.length > 1, 'a page may be empty before the end');
  });

  it('asks the store once more about changes that its answer had no room for', async () => {
    const letters = Array.from({ length: 10 }, () => bed.addChangeLetter('photos'));
    let room = 6;
    bed.store.beforeEntry = () => {
      room -= 1;
      if (room < 0) throw reasonError('AT_CAPACITY', 'no room', { retryAfterMs: 0 });
    };
    bed.store.after = () => {
      room = 6;
    };
    assert.deepEqual(
      await idsOf({ usecase: 'photos' }),
      letters.map(({ id }) => id),
    );
    assert.deepEqual(bed.store.calls, ['settle 10 dry', 'settle 4 dry']);
    // Once, and no more: a store that has never room does not keep anybody busy.
    bed.store.after = () => undefined;
    room = 0;
    bed.store.calls.length = 0;
    await assert.rejects(list({ usecase: 'photos' }), { reason: 'AT_CAPACITY' });
    assert.deepEqual(bed.store.calls, ['settle 10 dry', 'settle 10 dry']);
  });

  it('fits the largest letters into one message', async () => {
    const lastError = '\u{4E00}'.repeat(1_000);
    for (let at = 0; at < 400; at += 1) bed.addChangeLetter('photos', { lastError });
    const key = 'k'.repeat(850);
    const long = (blob = ''): string => blob.replace(/key-\d+/, key);
    for (const [id, { bytes, change }] of bed.store.log) {
      const { objectId, newBlob, oldBlob } = change;
      assert(objectId !== undefined);
      const names = { newBlob: long(newBlob), oldBlob: long(oldBlob) };
      const longer = { ...change, objectId: { ...objectId, key }, ...names };
      bed.store.log.set(id, { bytes, change: longer });
    }
    const page = await list(undefined, { pageSize: 1_000 });
    const { length } = cleanup.ListDeadLettersResponse.encode(page).finish();
    assert.ok(length < 2 * 1024 * 1024, `${length} bytes`);
  });

  it('does not fail for a text that was cut within a character', async () => {
    bed.addChangeLetter('photos', { lastError: 'x\ud83d' });
    bed.addChangeLetter('photos', { lastError: `${'x'.repeat(999)}\u{1F600}` });
    const errors = (await list()).deadLetters.map(({ lastError }) => lastError);
    assert.deepEqual(errors, ['x\ufffd', `${'x'.repeat(999)}\ufffd`]);
  });

  it('filters by queue, reason and age', async () => {
    const change = bed.addChangeLetter('photos', { reason: 'UNREADABLE' });
    const blob = bed.addBlobLetter();
    const old = bed.addChangeLetter('photos', { timeFirstEnqueued: 5_000 as Timestamp });
    const unknown = bed.queues.add({ reason: 'UNKNOWN_JOB' });
    assert.deepEqual(await idsOf({ queue: CleanupQueue.ORPHAN_RECLAIM }), [blob.id]);
    assert.deepEqual(await idsOf({ queue: CleanupQueue.CHANGELOG_CLEANUP }), [change.id, old.id]);
    assert.deepEqual(await idsOf({ reason: 'UNREADABLE' }), [change.id]);
    assert.deepEqual(await idsOf({ reason: 'UNKNOWN_JOB' }), [unknown.id]);
    assert.deepEqual(await idsOf({ enqueuedBy: new Date(5_000) }), [old.id]);
    assert.deepEqual(await idsOf({ enqueuedBy: new Date(4_999) }), []);
    const both = { queue: CleanupQueue.CHANGELOG_CLEANUP, reason: 'TIER_UNAVAILABLE' };
    assert.deepEqual(await idsOf(both), [old.id]);
  });

  it('filters by usecase, with one look into the store', async () => {
    const photos = [bed.addChangeLetter('photos'), bed.addBlobLetter('photos')];
    bed.addChangeLetter('logs');
    bed.addBlobLetter('logs');
    bed.queues.add({ reason: 'UNKNOWN_JOB' });
    const settled = bed.addChangeLetter('photos');
    if (settled.job?.kind === 'settle-change') bed.store.log.delete(settled.job.changeId);
    assert.deepEqual(
      await idsOf({ usecase: 'photos' }),
      photos.map(({ id }) => id),
    );
    assert.deepEqual(bed.store.calls, ['settle 3 dry', 'reclaim 2 dry']);
  });

  it('does not leave letters out whose usecase nobody can tell for now', async () => {
    bed.addChangeLetter('photos');
    bed.store.before = () => {
      throw storeDown();
    };
    const isUnavailable = (error: unknown): boolean =>
      error instanceof RpcError && error.code === status.UNAVAILABLE;
    await assert.rejects(list({ usecase: 'photos' }), isUnavailable);
    bed.store.before = () => undefined;
    bed.store.beforeEntry = () => {
      throw storeDown();
    };
    await assert.rejects(list({ usecase: 'photos' }), isUnavailable);
    bed.store.beforeEntry = () => {
      throw reasonError('UNREADABLE', 'of a newer version');
    };
    assert.deepEqual(await idsOf({ usecase: 'photos' }), []);
  });

  it('refuses what it cannot make sense of', async () => {
    const unknown = 7 as cleanup.CleanupQueue;
    await assertRefused(list({ queue: unknown }), 'INVALID_QUEUE', 'filter.queue');
    await assertRefused(list({ reason: 'tier down' }), 'INVALID_SELECTION', 'filter.reason');
    await assertRefused(list({ reason: '' }), 'INVALID_SELECTION', 'filter.reason');
    await assertRefused(list({ usecase: 'a/b' }), 'INVALID_SELECTION', 'filter.usecase');
    const never = new Date(Number.NaN);
    await assertRefused(list({ enqueuedBy: never }), 'INVALID_SELECTION', 'filter.enqueued_by');
    for (const page of [{ pageSize: 1_001 }, { pageToken: 'x' }, { pageToken: 'letters-1:x' }]) {
      await assert.rejects(list({}, page), /page_(size|token): /);
    }
  });

  it('says that the queues cannot be reached', async () => {
    bed.queues.before = () => {
      throw queueDown();
    };
    await assert.rejects(list(), { reason: 'QUEUE_UNAVAILABLE' });
  });
});
