import { maintenance } from '@holdfast/contracts';
import { changeIdOf, type CleanupHandler, type CleanupJob } from '@holdfast/domain';
import { reasonError, StoreUnreachable } from '@holdfast/rpc';
import { createCountingIds } from '@holdfast/testkit';
import assert from 'node:assert/strict';
import { setTimeout as pause } from 'node:timers/promises';
import {
  cleaningOptions,
  createCleaningBed,
  shutdownTime,
  type CleaningBed,
} from './cleaning-bed.js';
import {
  alreadyResolved,
  deleted,
  entryError,
  nextTurn,
  reclaimed,
  settled,
  unreachable,
} from './fake-store.js';

const { BlobState, SettleOutcome } = maintenance;
const hour = 3_600_000;
const minute = 60_000;
const lost = entryError(reasonError('TIER_UNAVAILABLE', 'the storage is unavailable'));

describe('Cleaning', () => {
  let bed: CleaningBed;
  beforeEach(() => {
    bed = createCleaningBed();
  });
  afterEach(() => bed.dispose());

  /** Empty, and nothing has been given up. */
  async function allCleaned(): Promise<void> {
    await bed.until(bed.isEmpty);
    assert.deepEqual(await bed.deadLetters(), []);
  }

  it('has changes settled and blobs reclaimed, many in one call, and each once', async () => {
    const changes = await bed.addChanges(120);
    const blobs = await bed.addBlobs(30);
    await allCleaned();
    assert.deepEqual(bed.store.calls.flat().toSorted(), [...changes, ...blobs].toSorted());
    assert.ok(bed.store.calls.length <= 12, `${bed.store.calls.length} calls`);
    assert.equal(await bed.runs('done'), 120);
    assert.equal(await bed.runs('done', 'orphan-reclaim'), 30);
  });

  it('counts a job whose change was settled before as done', async () => {
    bed.store.answerSettle = () => alreadyResolved;
    await bed.addChanges(3);
    await allCleaned();
    assert.equal(await bed.runs('done'), 3);
  });

  it('runs a job again that the store left out of its call, however often', async () => {
    const asked = new Map<string, number>();
    bed.store.answerSettle = (changeId) => {
      const times = (asked.get(changeId) ?? 0) + 1;
      asked.set(changeId, times);
      return times > 20 ? deleted : entryError(reasonError('AT_CAPACITY', 'one too many'));
    };
    await bed.addChanges(50);
    await allCleaned();
    assert.equal(await bed.runs('failed'), 0);
    assert.equal(await bed.runs('held'), 0);
    assert.ok(!bed.lines.some(({ message }) => message.startsWith('cleanup is held')));
  });

  it('runs a job again when the readers of its blob have had their time', async () => {
    const readersUntil = bed.clock.now() + 5 * minute;
    const waits = settled(
      SettleOutcome.AWAITING_READERS,
      [BlobState.AWAITING_READERS],
      new Date(readersUntil),
    );
    const times: number[] = [];
    bed.store.answerSettle = () => {
      times.push(bed.clock.now());
      return bed.clock.now() < readersUntil ? waits : deleted;
    };
    await bed.addChanges(1);
    await allCleaned();
    assert.equal(times.length, 2);
    assert.ok((times[1] ?? 0) >= readersUntil);
    assert.deepEqual([await bed.runs('again'), await bed.runs('done')], [1, 1]);
  });

  it('tries a change again that could not be settled', async () => {
    let failures = 3;
    bed.store.answerSettle = () => ((failures -= 1) >= 0 ? lost : deleted);
    await bed.addChanges(1);
    await allCleaned();
    assert.deepEqual([await bed.runs('failed'), await bed.runs('done')], [3, 1]);
  });

  it('gives the one up that always fails, and does all others meanwhile', async () => {
    const changes = await bed.addChanges(200);
    const bad = changes[17];
    bed.store.answerSettle = (changeId) => (changeId === bad ? lost : deleted);
    await bed.until(bed.isEmpty);
    const letters = await bed.deadLetters();
    assert.deepEqual(
      letters.map(({ job, attempts, reason, lastError }) => [job, attempts, reason, lastError]),
      [
        [
          { kind: 'settle-change', changeId: bad },
          10,
          'TIER_UNAVAILABLE',
          'the storage is unavailable',
        ],
      ],
    );
    assert.equal(await bed.runs('done'), 199);
    assert.equal(bed.cleaning.breaker.state(), 'closed');
  });

  it('gives the one up that always fails when it is the only one, too', async () => {
    bed.store.answerSettle = () => lost;
    await bed.addChanges(1);
    await bed.until(bed.isEmpty);
    assert.equal((await bed.deadLetters()).length, 1);
    assert.equal(bed.asked(), 10);
  });

  it('writes down what failed and why, and not a line for each of a flood', async () => {
    bed.store.answerSettle = () => entryError(reasonError('UNREADABLE', 'what is this'));
    const [changeId] = await bed.addChanges(300);
    await bed.until(bed.isEmpty);
    const told = bed.lines.filter(({ message }) => message === 'a cleanup failed');
    const { level, reason, why } = told[0] as Record<string, unknown>;
    assert.deepEqual([level, reason, why], ['warn', 'UNREADABLE', 'what is this']);
    assert.equal(told[0]?.['changeId'], changeId);
    assert.ok(told.length < 300, `${told.length} lines`);
    assert.equal(await bed.runs('failed'), 3_000);
  });

  it('does not lose an answer of a newer store: it is a dead letter in the end', async () => {
    bed.store.answerSettle = () => settled(17 as maintenance.SettleOutcome, []);
    await bed.addChanges(1);
    await bed.until(bed.isEmpty);
    const [letter] = await bed.deadLetters();
    assert.equal(letter?.reason, 'UNKNOWN_OUTCOME');
  });

  it('finds the one whose call never comes back, and does all others meanwhile', async () => {
    const changes = await bed.addChanges(60);
    const bad = changes[5];
    bed.store.before = async (entries, signal) => {
      if (!entries.includes(bad ?? '')) return;
      await bed.clock.sleep(20_000, signal);
      throw new Error('the deadline passed');
    };
    await bed.until(bed.isEmpty);
    const letters = await bed.deadLetters();
    assert.deepEqual(
      letters.map(({ job }) => job),
      [{ kind: 'settle-change', changeId: bad }],
    );
    const together = bed.store.calls.filter((entries) => entries.includes(bad ?? ''));
    assert.equal(together.filter(({ length }) => length > 1).length, 1);
  });

  describe('while the long-term tier fails for all for an hour', () => {
    it('gives nothing up, asks seldom, and does all of it afterwards', async () => {
      bed.store.answerSettle = () => lost;
      bed.store.answerReclaim = () => lost;
      await bed.addChanges(300);
      await bed.addBlobs(100);
      await bed.pass(hour);
      assert.deepEqual(await bed.deadLetters(), []);
      assert.ok(bed.asked() < 100 + 60 * 5, `${bed.asked()} entries were asked about`);
      assert.ok(bed.store.calls.length < 150, `${bed.store.calls.length} calls`);
      assert.notEqual(bed.cleaning.breaker.state(), 'closed');
      assert.equal(
        bed.lines.filter(({ message }) => message.startsWith('cleanup is held')).length,
        1,
      );

      bed.store.answerSettle = () => deleted;
      bed.store.answerReclaim = () => reclaimed(BlobState.DELETED);
      await allCleaned();
      assert.equal(bed.cleaning.breaker.state(), 'closed');
      assert.equal(await bed.runs('done'), 300);
      assert.equal(await bed.runs('done', 'orphan-reclaim'), 100);
    });

    it('gives nothing up among jobs that need nothing of it, either', async () => {
      const changes = await bed.addChanges(400);
      const settledBefore = new Set(changes.filter((_, index) => index % 2 === 0));
      let isDown = true;
      bed.store.answerSettle = (changeId) => {
        if (settledBefore.has(changeId)) return alreadyResolved;
        return isDown ? lost : deleted;
      };
      await bed.pass(hour);
      assert.deepEqual(await bed.deadLetters(), []);
      isDown = false;
      await allCleaned();
    });

    it('does not run jobs that are handed out all the same', async () => {
      const consumer = {
        work: async (given: CleanupHandler): Promise<void> => void (handle = given),
      };
      let handle: CleanupHandler = () => assert.fail('it has begun');
      const { breaker } = bed.addWorker({ consumer });
      bed.store.before = () => Promise.reject(new StoreUnreachable());
      const changeId = changeIdOf(createCountingIds(bed.clock).revision());
      const job: CleanupJob = { kind: 'settle-change', changeId };
      while (breaker.state() === 'closed') await handle(job, new AbortController().signal);
      const asked = bed.asked();
      const again = await handle(job, new AbortController().signal);
      assert.ok((again ?? 0) >= bed.clock.now() + cleaningOptions.breaker.openMs);
      assert.equal(bed.asked(), asked);
    });
  });

  it('gives nothing up while no store can be reached for an hour', async () => {
    bed.store.before = () => Promise.reject(unreachable());
    await bed.addChanges(1);
    await bed.addBlobs(2);
    await bed.pass(hour);
    assert.deepEqual(await bed.deadLetters(), []);
    assert.ok(bed.store.calls.length < 200, `${bed.store.calls.length} calls`);
    assert.match(bed.cleaning.breaker.reason() ?? '', /^UNAVAILABLE: no tiered store/);
    bed.store.before = () => nextTurn();
    await allCleaned();
  });

  it('counts no attempt for which no store was there', async () => {
    bed.store.before = () => Promise.reject(new StoreUnreachable());
    await bed.addChanges(1);
    await bed.pass(hour);
    assert.equal(await bed.runs('failed'), 0);
    assert.equal(bed.cleaning.breaker.state() === 'closed', false);
    bed.store.before = () => nextTurn();
    await allCleaned();
  });

  it('does not send what still waits for a call when the breaker opens', async () => {
    bed.store.before = async (_, signal) => {
      await bed.clock.sleep(1_000, signal);
      throw unreachable();
    };
    for (let count = 0; count < 10; count += 1) {
      await bed.addChanges(1);
      // So long that those before it are not waited for.
      await bed.pass(50, 50);
    }
    assert.equal(bed.store.running(), 4);
    await bed.until(() => bed.cleaning.breaker.state() === 'open');
    await bed.until(() => bed.store.running() === 0);
    assert.equal(bed.store.calls.length, 4);
  });

  it('does not lose attempts of what was running when the breaker opened', async () => {
    bed.store.answerSettle = () => lost;
    const changes = await bed.addChanges(50);
    await bed.until(() => bed.cleaning.breaker.state() === 'open');
    assert.equal(await bed.runs('held'), changes.length);
    assert.equal(await bed.runs('failed'), 0);
  });

  it('shares the queue with another worker, and each job runs at one of them', async () => {
    bed.addWorker();
    const changes = await bed.addChanges(300);
    await allCleaned();
    assert.deepEqual(bed.store.calls.flat().toSorted(), [...changes].toSorted());
  });
});

describe('Cleaning that is to end', () => {
  let bed: CleaningBed;
  beforeEach(() => {
    bed = createCleaningBed();
  });
  afterEach(() => bed.dispose());

  it('takes no more jobs, and ends once those that run have ended', async () => {
    let answer: () => void = () => undefined;
    const answered = new Promise<void>((resolve) => {
      answer = resolve;
    });
    bed.store.before = () => answered;
    await bed.addChanges(1);
    await bed.until(() => bed.store.running() === 1);
    let hasEnded = false;
    const ended = bed.cleaning.stop(shutdownTime(60_000)).then(() => {
      hasEnded = true;
    });
    await bed.addChanges(1);
    await nextTurn();
    assert.equal(hasEnded, false);
    answer();
    await ended;
    assert.deepEqual(bed.queue.counts(), { waiting: 1, running: 0, dead: 0 });
    assert.equal(await bed.runs('done'), 1);
  });

  it('gives up what takes too long, for the next worker to take at once', async () => {
    const hung = new Promise<void>(() => undefined);
    bed.store.before = () => hung;
    const changes = await bed.addChanges(2);
    await bed.until(() => bed.store.running() === 1);
    await bed.cleaning.stop(shutdownTime(100));
    assert.deepEqual(bed.queue.counts(), { waiting: 2, running: 0, dead: 0 });
    assert.equal(await bed.runs('given-up'), 2);

    bed.store.before = () => nextTurn();
    bed.addWorker();
    for (let turn = 0; turn < 10; turn += 1) await nextTurn();
    assert.ok(bed.isEmpty(), 'no time has to pass');
    assert.deepEqual(bed.store.calls.at(-1), changes);
  });

  it('ends in its time although the queue does not let go of it', async () => {
    const consumer = { work: () => new Promise<void>(() => undefined) };
    await bed.addWorker({ consumer }).stop(shutdownTime(50));
    const over = { msLeft: () => 0, signal: AbortSignal.abort() };
    await bed.addWorker({ consumer }).stop(over);
    assert.match(bed.lines.at(-1)?.message ?? '', /^jobs are left to the next worker/);
  });

  it('says when taking jobs has ended by itself', async () => {
    const causes: unknown[] = [];
    const fault = new Error('the queue is no more');
    const consumer = { work: () => Promise.reject(fault) };
    bed.addWorker({ consumer, failed: (cause) => void causes.push(cause) });
    await nextTurn();
    assert.deepEqual(causes, [fault]);
  });

  it('ends although it has never begun, and does not begin then', async () => {
    await bed.dispose();
    bed.cleaning.begin();
    await bed.addChanges(1);
    await pause(0);
    assert.equal(bed.store.calls.length, 0);
  });
});
