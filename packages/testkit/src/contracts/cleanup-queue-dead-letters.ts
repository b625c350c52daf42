import { CleanupFailure, later, type CleanupJob, type DeadLetter } from '@holdfast/domain';
import assert from 'node:assert/strict';
import type { CleanupQueueBench } from './cleanup-queue-bench.js';
import { advanceUntil } from './cleanup-queue-under-test.js';

const failure = new CleanupFailure('TIER_UNAVAILABLE', 'the store is down');
// More pages than the tests have letters, so that a listing that never ends fails.
const pagesMax = 20;

/** What the queue promises about jobs that are out of attempts. */
export function describeDeadLetters(bench: CleanupQueueBench): void {
  it('has no dead letters at first', async () => {
    const page = await bench.queue().consumer.listDeadLetters(undefined, 10);
    assert.deepEqual(page.letters, []);
    assert.equal(page.next, undefined);
  });

  it('makes a dead letter of a job that is out of attempts', async () => {
    const { now, timing } = bench.queue();
    const job = bench.reclaimJob();
    const before = now();
    await bench.enqueue([job]);
    const after = now();
    await bury(bench, 1);
    const [letter, ...others] = await bench.deadLetters();
    assert.ok(letter !== undefined && others.length === 0);
    assert.deepEqual(letter.job, job);
    assert.equal(letter.attempts, timing.attemptsMax);
    assert.ok(letter.lastError.includes(failure.message), letter.lastError);
    assert.equal(letter.reason, 'TIER_UNAVAILABLE');
    assert.ok(letter.timeFirstEnqueued >= before && letter.timeFirstEnqueued <= after);
    assert.ok(letter.timeLastAttempt > letter.timeFirstEnqueued);
  });

  it('makes one at once when another attempt would fail in the same way', async () => {
    await bench.enqueue([bench.settleJob()]);
    const answer = (): Error => new CleanupFailure('INVALID', 'no', { isFinal: true });
    await bench.worker({ answer }).started(1);
    await bench.queue().advance(bench.queue().timing.stepMs);
    const { attempts, reason, lastError } = await onlyLetter(bench);
    assert.deepEqual([attempts, reason, lastError], [1, 'INVALID', 'no']);
  });

  it('says of an unexpected error no more than that it is internal, and its text', async () => {
    await bench.enqueue([bench.settleJob()]);
    await bury(bench, 1, new Error('what: is this'));
    const { reason, lastError } = await onlyLetter(bench);
    assert.deepEqual([reason, lastError], ['INTERNAL', 'what: is this']);
  });

  it('does not run a dead letter any more', async () => {
    await bench.enqueue([bench.settleJob()]);
    await bury(bench, 1);
    assert.equal(await runsLater(bench), 0);
  });

  it('does not make a dead letter of a job that succeeds at its last attempt', async () => {
    const { timing } = bench.queue();
    let attempts = 0;
    const answer = (): Error | 'succeed' => {
      attempts += 1;
      return attempts < timing.attemptsMax ? failure : 'succeed';
    };
    await bench.enqueue([bench.settleJob()]);
    const worker = bench.worker({ answer });
    await advanceUntil(bench.queue(), () => attempts === timing.attemptsMax);
    await worker.stop();
    assert.deepEqual(await bench.deadLetters(), []);
    assert.equal(await runsLater(bench), 0);
  });

  it('leaves a job to its dead letter', async () => {
    const jobs = [bench.settleJob(), bench.reclaimJob()];
    await bench.enqueue(jobs);
    await bury(bench, jobs.length);
    await bench.enqueue(jobs);
    assert.equal(await runsLater(bench), 0);
    assert.equal((await bench.deadLetters()).length, jobs.length);
  });

  it('takes a job again whose dead letter was discarded', async () => {
    const job = bench.settleJob();
    await bench.enqueue([job]);
    await bury(bench, 1);
    await bench.queue().consumer.discardDeadLetter((await onlyLetter(bench)).id);
    await bench.enqueue([job]);
    assert.deepEqual((await bench.worker().run(0)).job, job);
  });

  it('lists dead letters in the order in which they died, in pages', async () => {
    const jobs = await buryOneByOne(bench, 5);
    for (const limit of [1, 2, 4, 5, 6]) {
      const letters = await listInPages(bench, limit);
      assert.deepEqual(
        letters.map(({ job }) => job),
        jobs,
      );
      assert.equal(new Set(letters.map(({ id }) => id)).size, jobs.length);
      const times = letters.map(({ timeLastAttempt }) => timeLastAttempt);
      assert.deepEqual(
        times,
        times.toSorted((a, b) => a - b),
      );
    }
  });

  it('finds dead letters by their ids, as they are listed, each once', async () => {
    const { consumer } = bench.queue();
    await buryOneByOne(bench, 3);
    const orphan = bench.reclaimJob();
    await bench.enqueue([orphan]);
    await bury(bench, 1);
    const [first, second, third, fourth] = await bench.deadLetters();
    assert.ok(first && second && third && fourth);
    const asked = [fourth.id, 'none', first.id, fourth.id, third.id];
    const found = await consumer.findDeadLetters(asked);
    const byId = new Map(found.map((letter) => [letter.id, letter]));
    assert.equal(found.length, 3);
    for (const letter of [first, third, fourth]) assert.deepEqual(byId.get(letter.id), letter);
    assert.deepEqual(await consumer.findDeadLetters([]), []);
  });

  it('finds no dead letter that is retried or discarded', async () => {
    const { consumer } = bench.queue();
    await buryOneByOne(bench, 2);
    const letters = await bench.deadLetters();
    const ids = letters.map(({ id }) => id);
    assert.equal((await consumer.findDeadLetters(ids)).length, 2);
    await consumer.retryDeadLetter(ids[0] ?? '');
    await consumer.discardDeadLetter(ids[1] ?? '');
    assert.deepEqual(await consumer.findDeadLetters(ids), []);
  });

  it('gives a dead letter that is retried a fresh set of attempts', async () => {
    const { consumer, timing } = bench.queue();
    await bench.enqueue([bench.settleJob()]);
    await bury(bench, 1);
    const letter = await onlyLetter(bench);
    assert.equal(await consumer.retryDeadLetter(letter.id), 'retried');
    assert.deepEqual(await bench.deadLetters(), []);
    assert.equal(await bury(bench, 1), timing.attemptsMax);
    const again = await onlyLetter(bench);
    assert.deepEqual(again.job, letter.job);
    assert.equal(again.id, letter.id);
    assert.equal(again.attempts, timing.attemptsMax);
    assert.equal(again.timeFirstEnqueued, letter.timeFirstEnqueued);
  });

  it('retries a dead letter when it is told to, and not before', async () => {
    const { consumer, timing, now, advance } = bench.queue();
    await bench.enqueue([bench.settleJob()]);
    await bury(bench, 1);
    const notBefore = later(now(), 8 * timing.stepMs);
    assert.equal(
      await consumer.retryDeadLetter((await onlyLetter(bench)).id, notBefore),
      'retried',
    );
    const worker = bench.worker();
    await advance(timing.stepMs);
    assert.equal(worker.runs.length, 0);
    await advanceUntil(bench.queue(), () => worker.runs.length > 0);
    assert.ok((await worker.run(0)).at >= notBefore);
  });

  it('is done with a dead letter whose retry succeeds', async () => {
    const { consumer, advance } = bench.queue();
    await bench.enqueue([bench.settleJob()]);
    await bury(bench, 1);
    const { id, job } = await onlyLetter(bench);
    await consumer.retryDeadLetter(id);
    assert.deepEqual((await bench.worker().run(0)).job, job);
    await advance(0);
    assert.deepEqual(await bench.deadLetters(), []);
    assert.equal(await consumer.retryDeadLetter(id), 'absent');
  });

  it('takes a dead letter that is discarded off for good', async () => {
    const { consumer } = bench.queue();
    const [kept] = await buryOneByOne(bench, 2);
    const [, second] = await bench.deadLetters();
    assert.ok(second !== undefined);
    assert.equal(await consumer.discardDeadLetter(second.id), 'discarded');
    assert.deepEqual((await onlyLetter(bench)).job, kept);
    assert.equal(await consumer.discardDeadLetter(second.id), 'absent');
    assert.equal(await consumer.retryDeadLetter(second.id), 'absent');
    assert.equal(await runsLater(bench), 0);
  });

  it('knows no dead letter of an id that it has not given', async () => {
    const { consumer } = bench.queue();
    for (const id of ['', 'none', '1', '../..', 'a:b', '*']) {
      assert.equal(await consumer.retryDeadLetter(id), 'absent');
      assert.equal(await consumer.discardDeadLetter(id), 'absent');
      assert.deepEqual(await consumer.findDeadLetters([id]), []);
    }
  });

  it('does not take a waiting job for a dead letter', async () => {
    const { consumer } = bench.queue();
    await bench.enqueue([bench.settleJob()]);
    await bury(bench, 1);
    const { id } = await onlyLetter(bench);
    await consumer.retryDeadLetter(id);
    assert.equal(await consumer.discardDeadLetter(id), 'absent');
    await bench.worker().started(1);
  });
}

/** Works until there are `count` dead letters; answers how many attempts that took. */
async function bury(
  bench: CleanupQueueBench,
  count: number,
  answer: Error = failure,
): Promise<number> {
  const { timing } = bench.queue();
  const worker = bench.worker({ answer: () => answer });
  const attempts = count * timing.attemptsMax;
  await advanceUntil(bench.queue(), () => worker.runs.length >= attempts);
  await worker.stop();
  return worker.runs.length;
}

/** Jobs that have died one after the other, the one enqueued last first. */
async function buryOneByOne(bench: CleanupQueueBench, count: number): Promise<CleanupJob[]> {
  const { timing } = bench.queue();
  const jobs = Array.from({ length: count }, () => bench.settleJob());
  const answer = (): Error => new CleanupFailure('INVALID', 'no', { isFinal: true });
  for (const [index, job] of jobs.entries()) {
    await bench.enqueue([job], 4 * (count - index) * timing.stepMs);
  }
  const worker = bench.worker({ answer });
  await advanceUntil(bench.queue(), () => worker.runs.length >= count);
  await worker.stop();
  return jobs.toReversed();
}

async function listInPages(bench: CleanupQueueBench, limit: number): Promise<DeadLetter[]> {
  const letters: DeadLetter[] = [];
  let cursor: string | undefined;
  for (let pages = 0; pages < pagesMax; pages += 1) {
    const page = await bench.queue().consumer.listDeadLetters(cursor, limit);
    assert.ok(page.letters.length <= limit);
    letters.push(...page.letters);
    if (page.next === undefined) return letters;
    cursor = page.next;
  }
  return assert.fail(`the listing has not ended after ${pagesMax} pages`);
}

async function onlyLetter(bench: CleanupQueueBench): Promise<DeadLetter> {
  const [letter, ...others] = await bench.deadLetters();
  assert.ok(letter !== undefined && others.length === 0, 'there is one dead letter');
  return letter;
}

/** How often anything runs in the time that any waiting attempt would need. */
async function runsLater(bench: CleanupQueueBench): Promise<number> {
  const { timing, advance } = bench.queue();
  const worker = bench.worker();
  await advance(timing.backoffMsMax + timing.slackMs);
  return worker.runs.length;
}
