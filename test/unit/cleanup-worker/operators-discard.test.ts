import { rpc, type cleanup } from '@holdfast/contracts';
import type { DeadLetter } from '@holdfast/domain';
import { fromStatusBytes, reasonError } from '@holdfast/rpc';
import assert from 'node:assert/strict';
import { createDiscardDeadLetters } from '../../../services/cleanup-worker/src/operators/discard-dead-letters.js';
import { assertRefused, callContext } from '../../support/maintenance.js';
import { queueDown } from '../../support/operators/fake-queues.js';
import { storeDown } from '../../support/operators/fake-store.js';
import {
  createOperatorsBed,
  selectBy,
  selectIds,
  type OperatorsBed,
} from '../../support/operators/operators-bed.js';
import { metricValue } from '../tiered-store/quiet.js';

const halfKnown = 'a change was discarded, and its dead letter may still be there: outcome unknown';

describe('DiscardDeadLetters', () => {
  let bed: OperatorsBed;
  beforeEach(() => {
    bed = createOperatorsBed();
  });

  function discard(
    selection: cleanup.DeadLetterSelection | undefined,
    reason = 'the bucket is gone',
    signal?: AbortSignal,
  ): Promise<cleanup.DiscardDeadLettersResponse> {
    const handler = createDiscardDeadLetters(bed.dependencies);
    return handler({ selection, reason }, callContext(signal));
  }

  it('gives the change up on the log, then takes the letter off', async () => {
    const { id } = bed.addChangeLetter();
    bed.addChangeLetter();
    const answer = await discard(selectIds(id));
    assert.deepEqual(answer, { discarded: 1, failures: [], more: false });
    assert.equal(bed.store.log.size, 1);
    assert.equal(bed.queues.ids().length, 1);
    assert.deepEqual(bed.store.calls, ['settle 1 dry', 'discard 1']);
  });

  it('takes letters off that have no change', async () => {
    const orphan = bed.addBlobLetter();
    const unknown = bed.queues.add({ reason: 'UNKNOWN_JOB' });
    const answer = await discard(selectIds(orphan.id, unknown.id));
    assert.deepEqual(answer, { discarded: 2, failures: [], more: false });
    assert.deepEqual(bed.queues.ids(), []);
    // The blob is left for the orphan sweep.
    assert.equal(bed.store.orphans.size, 1);
    assert.deepEqual(bed.store.calls, ['reclaim 1 dry']);
  });

  it('keeps the letter of a change that could not be given up', async () => {
    const letters = [bed.addChangeLetter(), bed.addChangeLetter(), bed.addChangeLetter()];
    const stuck = letters[1];
    bed.store.beforeEntry = (what, id) => {
      if (what === 'discard' && id === changeIdOf(stuck)) throw storeDown();
    };
    const { discarded, failures } = await discard(selectBy());
    assert.equal(discarded, 2);
    assert.deepEqual(reasonsOf(failures), [[stuck?.id, 'TIER_UNAVAILABLE']]);
    assert.deepEqual(bed.queues.ids(), [stuck?.id]);
    assert.deepEqual([...bed.store.log.keys()], [changeIdOf(stuck)]);
    assert.equal(bed.audit().length, 2);
  });

  it('keeps the letters of changes that the store does not answer for', async () => {
    const { id } = bed.addChangeLetter();
    const { store } = bed.dependencies;
    const silent = { ...store, discard: async () => [] };
    const handler = createDiscardDeadLetters({ ...bed.dependencies, store: silent });
    const { discarded, failures } = await handler(
      { selection: selectIds(id), reason: 'why' },
      callContext(),
    );
    assert.deepEqual([discarded, failures.map((failure) => failure.id)], [0, [id]]);
    assert.deepEqual(bed.queues.ids(), [id]);
  });

  it('fails as a whole while the store cannot be reached, and keeps every letter', async () => {
    const letters = [bed.addChangeLetter(), bed.addChangeLetter()];
    bed.store.before = () => {
      throw storeDown();
    };
    await assert.rejects(discard(selectBy()), { reason: 'TIER_UNAVAILABLE' });
    assert.deepEqual(
      bed.queues.ids(),
      letters.map(({ id }) => id),
    );
    assert.deepEqual(bed.audit(), []);
    // Letters without a change do not need it.
    const orphan = bed.addBlobLetter();
    const { discarded, failures } = await discard(selectBy());
    assert.deepEqual([discarded, failures.length], [1, 2]);
    assert.ok(!bed.queues.ids().includes(orphan.id));
  });

  it('may be repeated when its answer was lost', async () => {
    const { id } = bed.addChangeLetter();
    assert.equal((await discard(selectIds(id))).discarded, 1);
    const { discarded, failures } = await discard(selectIds(id));
    assert.deepEqual([discarded, reasonsOf(failures)], [0, [[id, 'DEAD_LETTER_NOT_FOUND']]]);
    assert.deepEqual(await discard(selectBy()), { discarded: 0, failures: [], more: false });
    assert.equal(bed.audit().length, 1);
  });

  it('may be repeated when the answer of the store was lost', async () => {
    const { id } = bed.addChangeLetter();
    bed.store.after = (what) => {
      if (what === 'discard') throw storeDown();
    };
    await assert.rejects(discard(selectIds(id)), { reason: 'TIER_UNAVAILABLE' });
    assert.equal(bed.store.log.size, 0);
    assert.deepEqual(bed.queues.ids(), [id]);
    bed.store.after = () => undefined;
    assert.deepEqual(await discard(selectIds(id)), { discarded: 1, failures: [], more: false });
    assert.deepEqual(bed.queues.ids(), []);
  });

  it('may be repeated when the queues were lost between its two steps, and says what is half done', async () => {
    const letter = bed.addChangeLetter('photos');
    bed.queues.before = (what) => {
      if (what === 'discardDeadLetter') throw queueDown();
    };
    await assert.rejects(discard(selectIds(letter.id)), { reason: 'QUEUE_UNAVAILABLE' });
    assert.equal(bed.store.log.size, 0);
    const [line] = bed.audit();
    assert.equal(line?.message, halfKnown);
    assert.equal(line['changeId'], changeIdOf(letter));
    bed.queues.before = () => undefined;
    assert.equal((await discard(selectIds(letter.id))).discarded, 1);
    assert.deepEqual(bed.queues.ids(), []);
  });

  it('writes down what is not known when the queues answer too late', async () => {
    const [change, orphan] = [bed.addChangeLetter(), bed.addBlobLetter()];
    const { discardDeadLetter } = bed.queues.consumer;
    // They are taken off all the same.
    const consumer = {
      ...bed.queues.consumer,
      async discardDeadLetter(id: string) {
        await discardDeadLetter(id);
        throw queueDown();
      },
    };
    Object.assign(bed.queues, { consumer });
    await assert.rejects(discard(selectIds(change.id, orphan.id)), { reason: 'QUEUE_UNAVAILABLE' });
    assert.deepEqual(bed.queues.ids(), []);
    assert.deepEqual(
      bed.audit().map(({ message, letter, reason }) => [message, letter, reason]),
      [
        [halfKnown, change.id, 'the bucket is gone'],
        ['a dead letter may have been discarded: outcome unknown', orphan.id, 'the bucket is gone'],
      ],
    );
  });

  it('knows of letters that it did not ask for any more that they are still there', async () => {
    for (let at = 0; at < 100; at += 1) bed.addChangeLetter();
    bed.queues.before = (what) => {
      if (what === 'discardDeadLetter') throw queueDown();
    };
    await assert.rejects(discard(selectBy()), { reason: 'QUEUE_UNAVAILABLE' });
    const messages = bed.audit().map(({ message }) => message);
    assert.equal(messages.length, 100);
    const known = 'a change was discarded, and its dead letter is still there';
    assert.ok(messages.filter((message) => message === known).length >= 50);
    assert.ok(messages.every((message) => message === known || message === halfKnown));
  });

  it('gives up what the store had no room for at once', async () => {
    const letters = Array.from({ length: 4 }, () => bed.addChangeLetter());
    let isFull = true;
    bed.store.beforeEntry = (what, id) => {
      if (what !== 'discard' || id === changeIdOf(letters[0]) || !isFull) return;
      throw reasonError('AT_CAPACITY', 'no room', { retryAfterMs: 0 });
    };
    bed.store.after = (what) => {
      isFull = what !== 'discard';
    };
    assert.deepEqual(await discard(selectBy()), { discarded: 4, failures: [], more: false });
    assert.deepEqual(bed.store.calls.slice(1), ['discard 4', 'discard 3']);
    assert.equal(bed.store.log.size, 0);
  });

  it('counts a letter that somebody else took off while its change was given up', async () => {
    const letters = [bed.addChangeLetter(), bed.addBlobLetter()];
    bed.queues.before = (what) => {
      if (what !== 'discardDeadLetter') return;
      bed.queues.before = () => undefined;
      for (const { id } of letters) void bed.queues.consumer.retryDeadLetter(id);
    };
    const { discarded, failures } = await discard(selectIds(...letters.map(({ id }) => id)));
    // The change was given up. Of the orphan nothing was.
    assert.equal(discarded, 1);
    assert.deepEqual(reasonsOf(failures), [[letters[1]?.id, 'DEAD_LETTER_NOT_FOUND']]);
  });

  it('gives up 1,000 in one call, the oldest, in steps that a message can carry', async () => {
    for (let at = 0; at < 1_100; at += 1) bed.addChangeLetter();
    const kept = bed.queues.ids().slice(1_000);
    const answer = await discard(selectBy());
    assert.deepEqual(answer, { discarded: 1_000, failures: [], more: true });
    assert.deepEqual(bed.queues.ids(), kept);
    const entries = bed.store.calls.map((call) => Number(call.split(' ')[1]));
    assert.ok(Math.max(...entries) <= 250);
    assert.deepEqual(await discard(selectBy()), { discarded: 100, failures: [], more: false });
  });

  it('finds letters by name among any number of others', async () => {
    for (let at = 0; at < 1_500; at += 1) bed.addBlobLetter();
    const { id } = bed.addChangeLetter();
    assert.equal((await discard(selectIds(id))).discarded, 1);
    assert.equal(bed.store.log.size, 0);
    assert.equal(bed.queues.ids().length, 1_500);
    assert.deepEqual(bed.queues.listed, [], 'the others are not looked at');
  });

  it('carries through what it has begun when its caller goes, and begins nothing more', async () => {
    for (let at = 0; at < 700; at += 1) bed.addChangeLetter();
    const caller = new AbortController();
    const gone = new Error('gone');
    bed.store.after = (what) => {
      if (what === 'discard') caller.abort(gone);
    };
    await assert.rejects(discard(selectBy(), 'why', caller.signal), gone);
    // No change is given up whose letter stays.
    assert.equal(bed.store.log.size, bed.queues.ids().length);
    assert.equal(bed.queues.ids().length, 450);
    assert.equal(bed.audit().length, 250);
  });

  it('is written down letter by letter, and counted', async () => {
    const [change, orphan] = [bed.addChangeLetter('photos'), bed.addBlobLetter('logs', 500n)];
    const oldBlob = bed.store.log.get(changeIdOf(change))?.change.oldBlob;
    await discard(selectBy(), 'the bucket is gone');
    const enqueued = new Date(change.timeFirstEnqueued).toISOString();
    const leftOut = { time: undefined, pid: undefined, service: undefined };
    const same = {
      ...leftOut,
      level: 'warn',
      message: 'a dead letter was discarded',
      audit: true,
      requestId: 'request-1',
      peer: 'ipv4:127.0.0.1:1',
      reason: 'the bucket is gone',
      failedFor: 'TIER_UNAVAILABLE',
      attempts: 10,
      timeFirstEnqueued: enqueued,
    };
    const told = bed.audit().map((line) => ({ ...line, ...leftOut }));
    assert.deepEqual(told, [
      {
        ...same,
        letter: change.id,
        changeId: changeIdOf(change),
        object: 'photos/org.42/objects/key-1',
        blobs: [oldBlob],
        bytes: '1000',
      },
      {
        ...same,
        letter: orphan.id,
        object: 'logs/objects/orphan-1',
        blobs: [blobOf(orphan)],
        bytes: '500',
      },
    ]);
    assert.equal(await metricValue(bed.metrics, 'dead_letters_discarded_total'), 2);
  });

  it('writes down what the store tells at last, where it did not tell before', async () => {
    const letter = bed.addChangeLetter('photos');
    bed.store.before = (what) => {
      if (what === 'settle') throw storeDown();
    };
    assert.equal((await discard(selectIds(letter.id))).discarded, 1);
    const [line] = bed.audit();
    assert.equal(line?.['object'], 'photos/org.42/objects/key-1');
    assert.equal((line['blobs'] as string[]).length, 2);
  });

  it('refuses what it cannot make sense of, and does nothing', async () => {
    const { id } = bed.addChangeLetter();
    for (const reason of ['', 'x'.repeat(1_001)]) {
      await assertRefused(discard(selectIds(id), reason), 'INVALID_BATCH', 'reason');
    }
    await assertRefused(discard(undefined), 'INVALID_SELECTION', 'selection');
    await assertRefused(discard(selectIds()), 'INVALID_BATCH', 'selection.ids.ids');
    const lower = selectBy({ usecase: '../x' });
    await assertRefused(discard(lower), 'INVALID_SELECTION', 'selection.filter.usecase');
    assert.deepEqual(bed.queues.ids(), [id]);
    assert.equal(bed.store.log.size, 1);
    assert.deepEqual(bed.store.calls, []);
  });

  it('tells what the store says of one that stays', async () => {
    bed.addChangeLetter();
    bed.store.beforeEntry = (what) => {
      if (what === 'discard') throw reasonError('UNREADABLE', 'of a newer version');
    };
    const { failures } = await discard(selectBy());
    assert.equal(failures[0]?.error?.message, 'of a newer version');
  });
});

function changeIdOf(letter: DeadLetter | undefined): string {
  assert(letter?.job?.kind === 'settle-change');
  return letter.job.changeId;
}

function blobOf({ job }: DeadLetter): string {
  assert(job?.kind === 'reclaim-blob');
  return job.blob;
}

function reasonsOf(failures: readonly cleanup.DeadLetterFailure[]): [string, string | undefined][] {
  return failures.map(({ id, error }) => {
    assert(error !== undefined);
    return [id, fromStatusBytes(rpc.Status.encode(error).finish()).reason];
  });
}
